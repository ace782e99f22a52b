//! The system calls that `nix` does not wrap.

#![allow(dead_code)] // seal.rs may do without one of them

use libc::sock_filter;
use nix::errno::Errno;

/// `seccomp(2)`: adds a filter to this process, which stays for good, also across exec.
pub fn add_filter(filter: &[sock_filter]) -> nix::Result<()> {
    let len = filter.len().try_into().map_err(|_| Errno::EINVAL)?;
    // The kernel only reads it; C has no const here.
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut() };
    // SAFETY: `program` describes a slice that outlives the call.
    let result = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
    };
    Errno::result(result).map(drop)
}

/// `capset(2)`: empties the effective, permitted and inheritable set of this process.
pub fn drop_capabilities() -> nix::Result<()> {
    // `_LINUX_CAPABILITY_VERSION_3`, and 0 for this process.
    let (header, empty) = ([0x2008_0522u32, 0], [0u32; 6]);
    // SAFETY: version 3 reads the header and twice three numbers of 32 bits.
    let result = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), empty.as_ptr()) };
    Errno::result(result).map(drop)
}
