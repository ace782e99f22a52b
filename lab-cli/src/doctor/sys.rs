//! The system calls of `lab doctor` that `nix` does not wrap, and all its `unsafe`.

use std::path::Path;

use nix::NixPath;
use nix::errno::Errno;

/// Calls a number with arguments that no call accepts, and returns the refusal.
///
/// `ENOSYS` means that the kernel has no such call, or that a seccomp filter says so.
pub fn refusal_of(number: libc::c_long) -> Errno {
    // SAFETY: every argument is -1. As a pointer the kernel cannot read it, as a
    // descriptor nothing is open there, as flags it has unknown bits, and as a length
    // it is too long; each of the calls we name takes one of these, and so does
    // nothing.
    let result = unsafe { libc::syscall(number, -1i64, -1i64, -1i64, -1i64, -1i64, -1i64) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// `getxattr(2)`: whether a program's file gives it capabilities when it is executed.
pub fn has_capabilities(program: &Path) -> bool {
    let length = program.with_nix_path(|path| {
        // SAFETY: two C strings; with a length of zero the kernel writes nothing.
        unsafe {
            libc::getxattr(path.as_ptr(), c"security.capability".as_ptr(), std::ptr::null_mut(), 0)
        }
    });
    length.is_ok_and(|length| length > 0)
}
