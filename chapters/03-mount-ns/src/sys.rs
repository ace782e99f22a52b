//! The newer mount calls, which `nix` does not wrap, and this chapter's `unsafe`.
//!
//! Since Linux 5.2 a mount can exist before it has a place: `open_tree` and `fsmount`
//! return it as a descriptor, `mount_setattr` changes it, `move_mount` puts it
//! somewhere. A descriptor that is closed before that takes the mount with it.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

use nix::NixPath;
use nix::errno::Errno;

/// Takes over the descriptor that a call has returned, if it has.
///
/// # Safety
/// It must be the result of a system call that makes a descriptor, not taken over before.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a descriptor is an int; syscall(2) returns a long"
)]
unsafe fn new_descriptor(result: libc::c_long) -> nix::Result<OwnedFd> {
    let fd = Errno::result(result)?;
    // SAFETY: the kernel has made this descriptor for the caller, who gives it to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// `open_tree(2)`: a copy of the mount at `path`, which is relative to the directory
/// `dir`, and of all mounts below it; placed nowhere.
pub fn clone_tree(dir: BorrowedFd<'_>, path: &Path) -> nix::Result<OwnedFd> {
    let flags =
        libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as libc::c_uint;
    path.with_nix_path(|path| {
        // SAFETY: `path` is a C string for the length of the call, which makes a descriptor.
        unsafe {
            let fd = libc::syscall(libc::SYS_open_tree, dir.as_raw_fd(), path.as_ptr(), flags);
            new_descriptor(fd)
        }
    })?
}

/// `mount_setattr(2)`: makes a mount read-only, but none below it.
pub fn make_read_only(mount: BorrowedFd<'_>) -> nix::Result<()> {
    set_attributes(mount, 0, |attr| attr.attr_set = libc::MOUNT_ATTR_RDONLY)
}

/// The same with every mount below it.
pub fn make_all_read_only(mount: BorrowedFd<'_>) -> nix::Result<()> {
    set_attributes(mount, libc::AT_RECURSIVE, |attr| attr.attr_set = libc::MOUNT_ATTR_RDONLY)
}

/// `mount_setattr(2)`: what is mounted below it, or below those in it, appears nowhere else.
pub fn make_private(mount: BorrowedFd<'_>) -> nix::Result<()> {
    set_attributes(mount, libc::AT_RECURSIVE, |attr| attr.propagation = libc::MS_PRIVATE)
}

fn set_attributes(
    mount: BorrowedFd<'_>,
    which: libc::c_int,
    set: impl FnOnce(&mut libc::mount_attr),
) -> nix::Result<()> {
    let flags = libc::AT_EMPTY_PATH | which;
    // SAFETY: mount_attr is plain integers, for which zero means "leave as it is".
    let mut attr: libc::mount_attr = unsafe { std::mem::zeroed() };
    set(&mut attr);
    // SAFETY: the path is empty and `attr` outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attr,
            size_of_val(&attr),
        )
    };
    Errno::result(result).map(drop)
}

/// `move_mount(2)`: places a mount onto the directory or file `target`.
pub fn place(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: both paths are empty C strings; the descriptors are open.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            target.as_raw_fd(),
            c"".as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH,
        )
    };
    Errno::result(result).map(drop)
}

/// `fsopen(2)` to `fsmount(2)`: a new tmpfs, placed nowhere yet.
pub fn new_tmpfs(mode: &CStr) -> nix::Result<OwnedFd> {
    const FSCONFIG_SET_STRING: libc::c_uint = 1;
    const FSCONFIG_CMD_CREATE: libc::c_uint = 6;
    const FSOPEN_CLOEXEC: libc::c_uint = 1;
    const FSMOUNT_CLOEXEC: libc::c_uint = 1;
    // SAFETY: a C string constant; the call makes a descriptor.
    let context = unsafe {
        new_descriptor(libc::syscall(libc::SYS_fsopen, c"tmpfs".as_ptr(), FSOPEN_CLOEXEC))
    }?;
    let configure =
        |command: libc::c_uint, key: *const libc::c_char, value: *const libc::c_char| {
            // SAFETY: key and value are null or C strings that outlive the call.
            let result = unsafe {
                libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), command, key, value, 0)
            };
            Errno::result(result)
        };
    configure(FSCONFIG_SET_STRING, c"mode".as_ptr(), mode.as_ptr())?;
    configure(FSCONFIG_CMD_CREATE, std::ptr::null(), std::ptr::null())?;
    // SAFETY: plain integers only; the call makes a descriptor.
    unsafe {
        let fd = libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), FSMOUNT_CLOEXEC, 0);
        new_descriptor(fd)
    }
}
