//! What this process may do: capget(2).

use nix::errno::Errno;

/// The three sets of a process that `capset(2)` changes, a bit a capability.
#[derive(Clone, Copy, Debug, Default)]
pub struct CapSets {
    /// What the kernel looks at when it checks.
    pub effective: u64,
    /// What may be made effective.
    pub permitted: u64,
    /// What an exec may carry over.
    pub inheritable: u64,
}

/// `capget(2)` of this process.
///
/// # Errors
/// If a sandbox refuses the call.
pub fn capget() -> nix::Result<CapSets> {
    const VERSION_3: u32 = 0x2008_0522;
    let this_process = 0u32;
    let header = [VERSION_3, this_process];
    // Two structs, for 32 capabilities each, of effective, permitted and inheritable.
    let mut halves = [[0u32; 3]; 2];
    // SAFETY: version 3 writes these six words, and only reads the header.
    let result = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), halves.as_mut_ptr()) };
    Errno::result(result)?;
    let join = |at: usize| u64::from(halves[0][at]) | u64::from(halves[1][at]) << 32;
    Ok(CapSets { effective: join(0), permitted: join(1), inheritable: join(2) })
}
