//! The system calls of this chapter that `nix` does not wrap, and all its `unsafe`.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

/// `mount_setattr(2)`: translates owners in a mount and all below it, as the user
/// namespace `users` has them.
pub fn set_idmap(mount: BorrowedFd<'_>, users: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: mount_attr is plain integers, for which zero means "leave as it is".
    let mut attr: libc::mount_attr = unsafe { std::mem::zeroed() };
    attr.attr_set = libc::MOUNT_ATTR_IDMAP;
    attr.userns_fd = users.as_raw_fd().cast_unsigned().into();
    // SAFETY: the path is empty and `attr` outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attr,
            size_of_val(&attr),
        )
    };
    Errno::result(result).map(drop)
}
