//! What PID 1 does all day.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use process::signals::BlockedSignals;

/// The life of the init, until the command ends; returns the exit code.
pub fn serve(command: Pid, signals: &BlockedSignals) -> i32 {
    loop {
        let Ok(signal) = signals.wait() else { return 125 };
        match Signal::try_from(signal.number) {
            Ok(Signal::SIGCHLD) => {
                if let Some(code) = reap(command) {
                    return code;
                }
            }
            // It may have ended just now, and then nobody is left to be told.
            Ok(signal) => drop(kill(command, signal)),
            Err(_) => {}
        }
    }
}

/// Collects all children that have ended; the command's exit code if it is among them.
fn reap(command: Pid) -> Option<i32> {
    // One SIGCHLD may stand for many of them.
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == command => return Some(code),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == command => {
                return Some(128 + signal as i32);
            }
            Ok(WaitStatus::StillAlive) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
