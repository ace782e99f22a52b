//! One rule about devices: what may be done with which.
//!
//! ```text
//!   c 1:3 rwm      the character device 1:3 (null): read, write, make a node of it
//!   b *:* m        every block device: make a node of it, and no more
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What one rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRule {
    /// Which kind of devices.
    pub kind: DeviceKind,
    /// `None`: any.
    pub major: Option<u32>,
    /// `None`: any.
    pub minor: Option<u32>,
    /// What may be done with them.
    pub access: DeviceAccess,
}

/// The two kinds of device nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A disk: `b`.
    Block,
    /// Any other: `c`.
    Character,
}

/// What can be done with a device, a sum of `BPF_DEVCG_ACC_…` in linux/bpf.h; written `rwm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DeviceAccess(pub(crate) u32);

impl DeviceAccess {
    /// Make a node of it.
    pub const MKNOD: Self = Self(1);
    /// Read it.
    pub const READ: Self = Self(2);
    /// Write it.
    pub const WRITE: Self = Self(4);
    /// All of that.
    pub const ALL: Self = Self(7);

    const LETTERS: [(char, Self); 3] = [('r', Self::READ), ('w', Self::WRITE), ('m', Self::MKNOD)];
}

impl FromStr for DeviceAccess {
    type Err = String;

    /// Some of `r`, `w` and `m`, each at most once.
    fn from_str(text: &str) -> Result<Self, String> {
        let bit = |letter| Self::LETTERS.iter().find(|(known, _)| *known == letter);
        let sum = text.chars().try_fold(0, |sum, letter| {
            let (_, Self(bit)) = bit(letter)?;
            (sum & bit == 0).then_some(sum | bit)
        });
        let sum = sum.filter(|&sum| sum != 0).map(Self);
        sum.ok_or_else(|| format!("{text:?}: expected some of r, w and m"))
    }
}

impl TryFrom<String> for DeviceAccess {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceAccess> for String {
    fn from(access: DeviceAccess) -> Self {
        access.to_string()
    }
}

impl fmt::Display for DeviceAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |(_, bit): &&(char, Self)| self.0 & bit.0 != 0;
        Self::LETTERS.iter().filter(has).try_for_each(|(letter, _)| write!(f, "{letter}"))
    }
}

impl fmt::Display for DeviceRule {
    /// `c 1:3 rwm`, as v1 wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DeviceKind::Block => 'b',
            DeviceKind::Character => 'c',
        };
        let number = |number: Option<u32>| number.map_or("*".to_owned(), |n| n.to_string());
        write!(f, "{kind} {}:{} {}", number(self.major), number(self.minor), self.access)
    }
}
