//! The system calls of `lab attack` that `nix` does not make safe, and all its `unsafe`:
//! here those that ask whether something would be allowed, and do nothing.

use nix::Result;
use nix::errno::Errno;

mod files;
mod ipc;
mod keys;
mod links;
mod short_text;
mod terminal;

pub use files::{exchange, handle_of, open_by_handle, open_from, take_lease};
pub use ipc::{make_queue, make_segment, read_queue, read_segment, remove_queue, remove_segment};
pub use keys::{add_key, read_key};
pub use links::{loopback_mtu, send_frame};
pub use terminal::{leave_terminal, push_input, take_terminal};

/// Asks for a module to be loaded from no file: `EBADF` if it would have been allowed.
pub fn load_no_module() -> Errno {
    // SAFETY: an empty C string; the file that is not open is refused before anything
    // else is looked at, but after the capability is.
    let result = unsafe { libc::syscall(libc::SYS_finit_module, -1, c"".as_ptr(), 0) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// Asks for a socket of a type that there is not: `EINVAL` if the family would have been
/// allowed. The kernel looks for the family's module after that only.
pub fn ask_for_crypto_socket() -> Errno {
    let no_type = 15;
    // SAFETY: plain integers only; no socket is made.
    let result = unsafe { libc::syscall(libc::SYS_socket, libc::AF_ALG, no_type, 0) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// Sets neither the time nor the time zone, which takes the right to set them.
pub fn set_no_time() -> Result<()> {
    // SAFETY: two null pointers; the kernel asks for the right, and then does nothing.
    let result = unsafe { libc::syscall(libc::SYS_settimeofday, 0usize, 0usize) };
    Errno::result(result).map(drop)
}

/// `reboot(2)` without its magic numbers: `EINVAL` if it would have been allowed.
pub fn reboot_without_magic() -> Errno {
    // SAFETY: touches no memory of ours; who may is refused for the numbers.
    let result = unsafe { libc::syscall(libc::SYS_reboot, 0, 0, 0, 0) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// `syslog(2)`: the last lines of the kernel's log.
pub fn kernel_log() -> Result<usize> {
    const READ_ALL: libc::c_int = 3;
    const LENGTH: libc::c_int = 64;
    let mut bytes = [0u8; LENGTH as usize];
    // SAFETY: the buffer is as long as is told.
    let result = unsafe { libc::klogctl(READ_ALL, bytes.as_mut_ptr().cast(), LENGTH) };
    Errno::result(result).map(|length| length.cast_unsigned() as usize)
}
