//! The `unsafe` of this chapter: `close_range(2)` and a clean slate.

use nix::errno::Errno;
use process::exit_now;

/// Goes on with `life` as a process that has nothing of the runtime's, neither environment
/// nor a descriptor above 2, and ends with the code that `life` returns.
///
/// For the half of a fork that never goes back.
pub fn live_alone(life: impl FnOnce() -> i32) -> ! {
    // SAFETY: a fork has found one thread in here, and nothing returns to code that reads
    // the environment.
    unsafe { wipe_environment() };
    // SAFETY: nothing returns to the frames that own what is closed.
    let code = match unsafe { close_all_above_stderr() } {
        Ok(()) => life(),
        Err(_) => 125,
    };
    exit_now(code)
}

/// Closes every descriptor above 2.
///
/// # Safety
/// Values of this process own them. None of those may be used or dropped any more.
unsafe fn close_all_above_stderr() -> nix::Result<()> {
    // SAFETY: touches no memory; the caller sees to the owners.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) }).map(drop)
}

/// Overwrites the environment that the kernel shows as /proc/PID/environ.
///
/// # Safety
/// This process must have one thread, and read its environment no more.
unsafe fn wipe_environment() {
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    // SAFETY: nobody else changes it. Each entry up to the null is a C string in writable
    // memory, environ(7).
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            std::ptr::write_bytes(*entry, 0, libc::strlen(*entry));
            entry = entry.add(1);
        }
    }
}
