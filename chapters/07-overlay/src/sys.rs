//! The system call of this chapter that `nix` does not wrap.

use std::ffi::CStr;
use std::path::Path;

use nix::NixPath;
use nix::errno::Errno;

/// `lgetxattr(2)`: whether a file's extended attribute is exactly `value`.
pub fn has_xattr(path: &Path, name: &CStr, value: &[u8]) -> nix::Result<bool> {
    let mut found = [0u8; 16];
    let length = path.with_nix_path(|path| {
        // SAFETY: two C strings, and a buffer of the length that is given with it.
        unsafe {
            libc::lgetxattr(path.as_ptr(), name.as_ptr(), found.as_mut_ptr().cast(), found.len())
        }
    })?;
    match Errno::result(length) {
        Ok(length) => Ok(found[..length as usize] == *value),
        Err(Errno::ENODATA | Errno::ENOTSUP | Errno::ERANGE) => Ok(false),
        Err(errno) => Err(errno),
    }
}
