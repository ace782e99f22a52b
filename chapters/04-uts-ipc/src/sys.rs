//! The system call of this chapter that `nix` does not wrap.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;

/// `setdomainname(2)`.
pub fn set_domain_name(name: &OsStr) -> nix::Result<()> {
    let bytes = name.as_bytes();
    // SAFETY: the pointer and length are those of one live slice, which is only read.
    let result = unsafe { libc::setdomainname(bytes.as_ptr().cast(), bytes.len()) };
    Errno::result(result).map(drop)
}
