//! Files that are opened without a path of their own: by a descriptor, or by a handle; one that
//! nobody opens unasked, and two that are exchanged.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::Result;
use nix::errno::Errno;

/// Opens a file beginning at a descriptor that this process does not know it has.
pub fn open_from(fd: RawFd, path: &CStr) -> Result<OwnedFd> {
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: a C string; if nothing is open under that number, the kernel says so.
    let opened = unsafe { libc::openat(fd, path.as_ptr(), flags) };
    let opened = Errno::result(opened)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// Whoever opens the file has to wait until this descriptor is closed (or for
/// /proc/sys/fs/lease-break-time), and we are told by SIGIO.
pub fn take_lease(file: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: this command takes a number, and touches no memory of ours.
    let taken = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) };
    Errno::result(taken).map(drop)
}

/// Exchanges two files, in one step: renameat2(2). `nix` has it for one of the C libraries only.
pub fn exchange(one: &CStr, other: &CStr) -> Result<()> {
    let (here, flags) = (libc::AT_FDCWD, libc::RENAME_EXCHANGE);
    // SAFETY: two C strings that outlive the call, and numbers.
    let result = unsafe {
        libc::syscall(libc::SYS_renameat2, here, one.as_ptr(), here, other.as_ptr(), flags)
    };
    Errno::result(result).map(drop)
}

/// A file's handle, as name_to_handle_at(2) fills it in.
#[repr(C)]
struct Handle {
    bytes: u32,
    kind: i32,
    data: [u8; 128],
}

/// The handle of a file: its kind, and its bytes in hexadecimal digits.
pub fn handle_of(path: &CStr) -> Result<(i32, Vec<u8>)> {
    let mut handle = Handle { bytes: 128, kind: 0, data: [0; 128] };
    let mut mount_id: libc::c_int = 0;
    // SAFETY: the struct has the kernel's layout, and tells how much room it has.
    let result = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            libc::AT_FDCWD,
            path.as_ptr(),
            &raw mut handle,
            &raw mut mount_id,
            0,
        )
    };
    Errno::result(result)?;
    Ok((handle.kind, handle.data[..(handle.bytes as usize).min(128)].to_vec()))
}

/// `open_by_handle_at(2)`: opens a file by its handle, by way of any mount of its kind.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a descriptor is an int; syscall(2) returns a long"
)]
pub fn open_by_handle(mount: BorrowedFd<'_>, kind: i32, bytes: &[u8]) -> Result<OwnedFd> {
    let length = u32::try_from(bytes.len()).map_err(|_| Errno::EINVAL)?;
    let mut handle = Handle { bytes: length, kind, data: [0; 128] };
    handle.data.get_mut(..bytes.len()).ok_or(Errno::EINVAL)?.copy_from_slice(bytes);
    // SAFETY: the struct has the kernel's layout, and tells how much of it is used.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_open_by_handle_at,
            mount.as_raw_fd(),
            &raw mut handle,
            libc::O_RDONLY | libc::O_CLOEXEC,
        )
    };
    let fd = Errno::result(fd)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}
