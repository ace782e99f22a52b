//! The system calls about capabilities.
//!
//! A set is a number with a bit for each capability: `1 << 5` is CAP_KILL, number 5. So it stands
//! in /proc/PID/status, in base 16.

#![allow(dead_code, reason = "powers.rs may do without some of them")]

use nix::errno::Errno;

/// The greatest number that a capability may have.
pub const LAST: u8 = 63;

/// Those that this runtime knows by name.
const NAMES: [(&str, u8); 8] = [
    ("CAP_CHOWN", 0),
    ("CAP_DAC_OVERRIDE", 1),
    ("CAP_FOWNER", 3),
    ("CAP_KILL", 5),
    ("CAP_SETUID", 7),
    ("CAP_NET_RAW", 13),
    ("CAP_SYS_CHROOT", 18),
    ("CAP_MKNOD", 27),
];

/// The number of a capability by its name.
pub fn number(name: &str) -> Result<u8, String> {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, number)| *number).ok_or_else(|| format!("there is no capability {name}"))
}

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

/// Takes a capability out of the bounding set, for good. It takes CAP_SETPCAP. EINVAL: this kernel
/// has none of that number.
pub fn drop_from_bounding_set(number: u8) -> nix::Result<()> {
    prctl(libc::PR_CAPBSET_DROP, number.into(), 0)
}

/// Adds one to the ambient set; it has to be permitted and inheritable.
pub fn raise_ambient(number: u8) -> nix::Result<()> {
    prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as _, number.into())
}

/// Empties the ambient set.
pub fn clear_ambient() -> nix::Result<()> {
    prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as _, 0)
}

/// No exec gives more from now on, for ever.
pub fn set_no_new_privs() -> nix::Result<()> {
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0)
}

fn prctl(operation: i32, one: libc::c_ulong, other: libc::c_ulong) -> nix::Result<()> {
    let unused: libc::c_ulong = 0;
    // SAFETY: the operations above take plain numbers and touch no memory.
    Errno::result(unsafe { libc::prctl(operation, one, other, unused, unused) }).map(drop)
}
