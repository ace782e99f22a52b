//! The kinds of namespaces, by the names that /proc/PID/ns has for them.

use std::collections::BTreeMap;

use serde::Serialize;

/// Inode numbers, which are the namespaces' names.
pub type Namespaces = BTreeMap<Kind, u64>;

/// The kinds of namespaces; namespaces(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
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

impl Kind {
    /// All of them, in the order of their names.
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

    /// Its file's name in `/proc/PID/ns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup",
            Self::Ipc => "ipc",
            Self::Mnt => "mnt",
            Self::Net => "net",
            Self::Pid => "pid",
            Self::Time => "time",
            Self::User => "user",
            Self::Uts => "uts",
        }
    }
}
