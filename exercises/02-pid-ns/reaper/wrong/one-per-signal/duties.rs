//! Collects one child for each SIGCHLD. Standard signals do not queue up.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use process::signals::BlockedSignals;

pub fn serve(command: Pid, signals: &BlockedSignals) -> i32 {
    loop {
        let Ok(signal) = signals.wait() else { return 125 };
        match Signal::try_from(signal.number) {
            Ok(Signal::SIGCHLD) => match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) if pid == command => return code,
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == command => {
                    return 128 + signal as i32;
                }
                _ => {}
            },
            Ok(signal) => drop(kill(command, signal)),
            Err(_) => {}
        }
    }
}
