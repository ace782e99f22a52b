//! The system calls about capabilities.
//!
//! A set is a number with a bit for each capability: `1 << 5` is CAP_KILL, number 5.

#![allow(dead_code)] // bounding.rs may do without some of them

use nix::errno::Errno;

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

/// Called when the container has its root and its /proc. This kernel needs nothing.
pub fn get_ready() -> nix::Result<()> {
    Ok(())
}

/// Replaces the three sets. What is not permitted any more never comes back, but by an exec.
pub fn capset(sets: Sets) -> nix::Result<()> {
    let all = [sets.effective, sets.permitted, sets.inheritable];
    let data = [all.map(|set| set as u32), all.map(|set| (set >> 32) as u32)];
    // SAFETY: version 3 reads the header and twice three numbers of 32 bits.
    let result = unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), data.as_ptr()) };
    Errno::result(result).map(drop)
}

/// Whether a capability is in the bounding set. EINVAL: this kernel has none of that number.
pub fn is_in_bounding_set(number: u8) -> nix::Result<bool> {
    prctl(libc::PR_CAPBSET_READ, number.into()).map(|value| value == 1)
}

/// Takes a capability out of the bounding set, for good. It takes CAP_SETPCAP.
pub fn drop_from_bounding_set(number: u8) -> nix::Result<()> {
    prctl(libc::PR_CAPBSET_DROP, number.into()).map(drop)
}

fn prctl(operation: i32, number: libc::c_ulong) -> nix::Result<i32> {
    let unused: libc::c_ulong = 0;
    // SAFETY: the operations above take plain numbers and touch no memory.
    Errno::result(unsafe { libc::prctl(operation, number, unused, unused, unused) })
}
