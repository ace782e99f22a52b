//! The `unsafe` of this chapter: `fork(2)`, `close_range(2)` and a clean slate.

use nix::errno::Errno;
use nix::unistd::{ForkResult, fork};

/// Forks; both halves return.
pub fn fork_in_two() -> nix::Result<ForkResult> {
    // SAFETY: this process has one thread only, so the child's copy of our memory
    // holds no lock whose owner is missing.
    unsafe { fork() }
}

/// Closes every descriptor above 2, also those that values of ours still own.
pub fn close_all_above_stderr() -> nix::Result<()> {
    // SAFETY: the caller never returns to code that uses or drops such a value.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) }).map(drop)
}

/// Overwrites the environment that the kernel shows as /proc/PID/environ.
pub fn wipe_environment() {
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    // SAFETY: one thread only, and nobody in this process reads its environment any
    // more. Each entry up to the null is a C string in writable memory, environ(7).
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            std::ptr::write_bytes(*entry, 0, libc::strlen(*entry));
            entry = entry.add(1);
        }
    }
}
