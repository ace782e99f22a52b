//! The system call of this chapter that `nix` does not wrap.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

/// `fgetxattr(2)`: whether a file's extended attribute is exactly `value`.
pub fn has_xattr(file: BorrowedFd<'_>, name: &CStr, value: &[u8]) -> nix::Result<bool> {
    let mut found = [0u8; 16];
    // SAFETY: a C string, and a buffer of the length that is given with it.
    let length = unsafe {
        libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), found.as_mut_ptr().cast(), found.len())
    };
    match Errno::result(length) {
        Ok(length) => Ok(found[..length.cast_unsigned()] == *value),
        Err(Errno::ENODATA | Errno::ENOTSUP | Errno::ERANGE) => Ok(false),
        Err(errno) => Err(errno),
    }
}
