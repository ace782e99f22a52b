//! The kinds of namespaces, and where the kernel shows them: namespaces(7).
//!
//! A namespace has no name. It is an inode, and each of a process's files in /proc leads to
//! one: two processes are in the same namespace if these are equal.
//!
//! ```text
//!   /proc/4711/ns/net               net:[4026531833]
//!   /proc/4711/ns/pid               where it is itself, for ever
//!   /proc/4711/ns/pid_for_children  where its children will be born
//! ```
//!
//! Whoever has such a file open can join the namespace, setns(2).

use serde::{Deserialize, Serialize};

use crate::CloneFlags;

/// A kind of namespace, called as the kernel's files are, and in the order of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Namespace {
    /// What is seen of the cgroups.
    Cgroup,
    /// Message queues and shared memory.
    Ipc,
    /// Mounts.
    Mnt,
    /// Links, addresses, ports.
    Net,
    /// Process ids.
    Pid,
    /// The offsets of clocks.
    Time,
    /// Users and their power.
    User,
    /// Host and domain name.
    Uts,
}

impl Namespace {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Cgroup,
        Self::Ipc,
        Self::Mnt,
        Self::Net,
        Self::Pid,
        Self::Time,
        Self::User,
        Self::Uts,
    ];

    /// Its name, which begins the name of a namespace, and is in that of each limit:
    /// `user.max_net_namespaces`.
    pub fn name(self) -> &'static str {
        &self.file()["ns/".len()..]
    }

    /// Its file in /proc/PID.
    pub fn file(self) -> &'static str {
        match self {
            Self::Cgroup => "ns/cgroup",
            Self::Ipc => "ns/ipc",
            Self::Mnt => "ns/mnt",
            Self::Net => "ns/net",
            Self::Pid => "ns/pid",
            Self::Time => "ns/time",
            Self::User => "ns/user",
            Self::Uts => "ns/uts",
        }
    }

    /// The file of the one in which its children will be born. Of two kinds, that is not
    /// where a process is itself.
    pub fn file_for_children(self) -> &'static str {
        match self {
            Self::Pid => "ns/pid_for_children",
            Self::Time => "ns/time_for_children",
            kind => kind.file(),
        }
    }

    /// Its flag, of clone(2), unshare(2) and setns(2).
    pub fn flag(self) -> CloneFlags {
        match self {
            Self::Cgroup => CloneFlags::CLONE_NEWCGROUP,
            Self::Ipc => CloneFlags::CLONE_NEWIPC,
            Self::Mnt => CloneFlags::CLONE_NEWNS,
            Self::Net => CloneFlags::CLONE_NEWNET,
            Self::Pid => CloneFlags::CLONE_NEWPID,
            // nix does not have it: linux/sched.h.
            Self::Time => CloneFlags::from_bits_retain(libc::CLONE_NEWTIME),
            Self::User => CloneFlags::CLONE_NEWUSER,
            Self::Uts => CloneFlags::CLONE_NEWUTS,
        }
    }
}
