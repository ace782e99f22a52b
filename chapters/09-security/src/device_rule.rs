//! One rule about devices: what may be done with which.
//!
//! ```text
//!   c 1:3 rwm      the character device 1:3 (null): read, write, make a node of it
//!   b *:* m        every block device: make a node of it, and no more
//! ```

use std::fmt;

/// What one rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub kind: Kind,
    /// `None`: any.
    pub major: Option<u32>,
    /// `None`: any.
    pub minor: Option<u32>,
    /// A sum of [`MKNOD`], [`READ`] and [`WRITE`].
    pub access: u32,
}

/// The two kinds of device nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Block,
    Character,
}

/// What can be done with a device: `BPF_DEVCG_ACC_…` in linux/bpf.h.
pub(crate) const MKNOD: u32 = 1;
pub(crate) const READ: u32 = 2;
pub(crate) const WRITE: u32 = 4;
pub(crate) const ALL: u32 = MKNOD | READ | WRITE;

impl fmt::Display for Rule {
    /// `c 1:3 rwm`, as v1 wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Block => 'b',
            Kind::Character => 'c',
        };
        let number = |number: Option<u32>| number.map_or("*".to_owned(), |n| n.to_string());
        write!(f, "{kind} {}:{} ", number(self.major), number(self.minor))?;
        [(READ, "r"), (WRITE, "w"), (MKNOD, "m")]
            .iter()
            .filter(|(bit, _)| self.access & bit != 0)
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}
