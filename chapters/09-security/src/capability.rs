//! Capabilities by name and by number, one and several.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// All capabilities without their `CAP_`, in the kernel's order: linux/capability.h.
#[rustfmt::skip]
const NAMES: [&str; 41] = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
];

/// One capability, by its number in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Capability(u8);

impl Capability {
    /// All that this book knows of; the kernel may have fewer.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).zip(NAMES).map(|(number, _)| Self(number))
    }

    /// Its number in the kernel.
    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CAP_{}", NAMES[usize::from(self.0)])
    }
}

impl FromStr for Capability {
    type Err = String;

    /// `CAP_SYS_TIME`, `SYS_TIME` or `sys_time`.
    fn from_str(name: &str) -> Result<Self, String> {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let found = Self::all().find(|known| NAMES[usize::from(known.0)] == bare);
        found.ok_or_else(|| format!("there is no capability {name}"))
    }
}

impl From<Capability> for String {
    fn from(one: Capability) -> Self {
        one.to_string()
    }
}

impl TryFrom<String> for Capability {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

/// Some of them: a bit for each, as the kernel has it, and a list of names where it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Capability>", from = "Vec<Capability>")]
pub struct CapabilitySet(pub(crate) u64);

impl CapabilitySet {
    /// Those whose bits are set, as /proc/PID/status tells them.
    pub fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// All that this book knows of.
    pub fn all() -> Self {
        Capability::all().collect()
    }

    /// Whether it is one of them.
    pub fn has(self, one: Capability) -> bool {
        self.0 & 1 << one.number() != 0
    }

    /// Those that are in either set.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    pub fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are not in the other one.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// One after the other, in the kernel's order.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::all().filter(move |one| self.has(*one))
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<T: IntoIterator<Item = Capability>>(some: T) -> Self {
        Self(some.into_iter().fold(0, |bits, one| bits | 1 << one.number()))
    }
}

impl From<Vec<Capability>> for CapabilitySet {
    fn from(some: Vec<Capability>) -> Self {
        some.into_iter().collect()
    }
}

impl From<CapabilitySet> for Vec<Capability> {
    fn from(some: CapabilitySet) -> Self {
        some.iter().collect()
    }
}
