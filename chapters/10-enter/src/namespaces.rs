//! Which namespaces of a process are its own, and not ours as well.
//!
//! Joining one's own is no feat, and for a user namespace even an error: setns(2). A
//! namespace is known by the inode of its file; namespaces(7).

use nix::fcntl::OFlag;
use nix::sys::stat::{fstat, stat};
use process::{CloneFlags, Result, Step};

use crate::Target;

/// The kinds of namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is seen of the cgroups.
    Cgroup,
    /// Message queues and shared memory.
    Ipc,
    /// Mounts.
    Mount,
    /// Links, addresses, ports.
    Network,
    /// Process ids.
    Pid,
    /// The offsets of clocks.
    Time,
    /// Users and their power.
    User,
    /// Host and domain name.
    Uts,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Cgroup,
        Self::Ipc,
        Self::Mount,
        Self::Network,
        Self::Pid,
        Self::Time,
        Self::User,
        Self::Uts,
    ];

    /// Its flag, of clone(2) and setns(2).
    pub fn flag(self) -> CloneFlags {
        match self {
            Self::Cgroup => CloneFlags::CLONE_NEWCGROUP,
            Self::Ipc => CloneFlags::CLONE_NEWIPC,
            Self::Mount => CloneFlags::CLONE_NEWNS,
            Self::Network => CloneFlags::CLONE_NEWNET,
            Self::Pid => CloneFlags::CLONE_NEWPID,
            // nix does not have it: linux/sched.h.
            Self::Time => CloneFlags::from_bits_retain(libc::CLONE_NEWTIME),
            Self::User => CloneFlags::CLONE_NEWUSER,
            Self::Uts => CloneFlags::CLONE_NEWUTS,
        }
    }

    /// Its file in /proc/PID.
    pub fn file(self) -> &'static str {
        match self {
            Self::Cgroup => "ns/cgroup",
            Self::Ipc => "ns/ipc",
            Self::Mount => "ns/mnt",
            Self::Network => "ns/net",
            Self::Pid => "ns/pid",
            Self::Time => "ns/time",
            Self::User => "ns/user",
            Self::Uts => "ns/uts",
        }
    }
}

impl Target {
    /// Whether its namespace of a kind is another one than ours. A kernel that has none of
    /// this kind has nothing to join.
    ///
    /// # Errors
    /// If we may not look.
    pub fn has_own(&self, kind: Kind) -> Result<bool> {
        let name = kind.file();
        let Ok(ours) = stat(format!("/proc/self/{name}").as_str()) else { return Ok(false) };
        let theirs = fstat(self.open(name, OFlag::O_PATH)?);
        let theirs = theirs.step(|| format!("look at /proc/{}/{name}", self.pid()))?;
        Ok((ours.st_dev, ours.st_ino) != (theirs.st_dev, theirs.st_ino))
    }
}
