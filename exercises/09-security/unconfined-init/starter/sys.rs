//! The system call that `nix` does not wrap.

use nix::errno::Errno;

/// `capset(2)`: empties the effective, permitted and inheritable set of this process.
pub fn drop_capabilities() -> nix::Result<()> {
    // `_LINUX_CAPABILITY_VERSION_3`, and 0 for this process.
    let (header, empty) = ([0x2008_0522u32, 0], [0u32; 6]);
    // SAFETY: version 3 reads the header and twice three numbers of 32 bits.
    let result = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), empty.as_ptr()) };
    Errno::result(result).map(drop)
}
