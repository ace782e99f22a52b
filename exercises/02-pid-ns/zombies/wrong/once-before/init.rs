//! The container's init: PID 1, which starts the command and waits.

use nix::sys::prctl;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

/// Splits off the process that is going to be the command, and returns in that one only.
pub fn split_off() -> Result<()> {
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the command off init")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => serve(child),
    }
}

/// The life of the init, which ends with the command and its exit code.
fn serve(command: Pid) -> ! {
    let _ = prctl::set_name(c"init");
    // The runtime waits until the last copy of its socket is closed.
    // SAFETY: no value that owns a descriptor is used from here on.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    // Too soon: there are no orphans yet.
    while let Ok(WaitStatus::Exited(..)) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {}
    loop {
        match waitpid(command, None) {
            Ok(WaitStatus::Exited(_, code)) => exit_now(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => exit_now(128 + signal as i32),
            _ => {}
        }
    }
}
