//! One runtime at a time on the bridge.
//!
//! The bridge and its addresses belong to a network namespace, and so must the lock,
//! whichever state directory the runtimes use. The kernel lets go of it when its owner
//! dies, however that comes about.

use std::fs::File;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use process::record::Lock;
use process::{Result, Step};

/// Keeps every other runtime from this network namespace's bridge while it lives.
///
/// The thing to be locked is the namespace, so we lock just that: the file by which
/// the kernel shows it. It is the same file for everybody in the namespace, whatever
/// mounts they see.
///
/// The programs that write rules inherit the lock: one that outlives its runtime by a
/// moment must not come after those who clean up behind it.
pub fn lock() -> Result<Lock> {
    let file = File::open("/proc/self/ns/net").step(|| "open /proc/self/ns/net")?;
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let the lock be inherited")?;
    Lock::wait_for(file).step(|| "lock the network")
}
