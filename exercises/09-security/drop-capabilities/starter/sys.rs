//! The system calls about capabilities.
//!
//! A set is a number with a bit for each capability: `1 << 5` is CAP_KILL, number 5.

#![allow(dead_code)] // capabilities.rs may do without some of them

use nix::errno::Errno;

/// The greatest number that a capability may have.
pub const LAST: u8 = 63;

/// The three sets of this process that `capset(2)` changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sets {
    /// What the kernel looks at when it checks.
    pub effective: u64,
    /// What may be made effective.
    pub permitted: u64,
    /// What an exec may carry over.
    pub inheritable: u64,
}

/// `_LINUX_CAPABILITY_VERSION_3` and 0 for this process.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// The three sets of this process.
pub fn capget() -> nix::Result<Sets> {
    let mut data = [[0u32; 3]; 2];
    // SAFETY: version 3 reads the header and writes twice three numbers of 32 bits.
    let result = unsafe { libc::syscall(libc::SYS_capget, HEADER.as_ptr(), data.as_mut_ptr()) };
    Errno::result(result)?;
    let set = |at: usize| u64::from(data[0][at]) | u64::from(data[1][at]) << 32;
    Ok(Sets { effective: set(0), permitted: set(1), inheritable: set(2) })
}

/// Replaces them. What is not permitted any more never comes back, but by an exec.
pub fn capset(sets: Sets) -> nix::Result<()> {
    let all = [sets.effective, sets.permitted, sets.inheritable];
    let data = [all.map(|set| set as u32), all.map(|set| (set >> 32) as u32)];
    // SAFETY: version 3 reads the header and twice three numbers of 32 bits.
    let result = unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), data.as_ptr()) };
    Errno::result(result).map(drop)
}

/// Whether a capability is in the bounding set. EINVAL: this kernel has none of that number.
pub fn is_in_bounding_set(number: u8) -> nix::Result<bool> {
    prctl(libc::PR_CAPBSET_READ, number.into(), 0).map(|value| value == 1)
}

/// Takes a capability out of the bounding set, for good. It takes CAP_SETPCAP.
pub fn drop_from_bounding_set(number: u8) -> nix::Result<()> {
    prctl(libc::PR_CAPBSET_DROP, number.into(), 0).map(drop)
}

/// Adds one to the ambient set; it has to be permitted and inheritable.
pub fn raise_ambient(number: u8) -> nix::Result<()> {
    prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as _, number.into()).map(drop)
}

fn prctl(operation: i32, one: libc::c_ulong, other: libc::c_ulong) -> nix::Result<i32> {
    let unused: libc::c_ulong = 0;
    // SAFETY: the operations above take plain numbers and touch no memory.
    Errno::result(unsafe { libc::prctl(operation, one, other, unused, unused) })
}
