//! Waits for its own child and nobody else's.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use process::signals::BlockedSignals;

pub fn serve(command: Pid, signals: &BlockedSignals) -> i32 {
    loop {
        let Ok(signal) = signals.wait() else { return 125 };
        match Signal::try_from(signal.number) {
            Ok(Signal::SIGCHLD) => match waitpid(command, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(_, code)) => return code,
                Ok(WaitStatus::Signaled(_, signal, _)) => return 128 + signal as i32,
                _ => {}
            },
            Ok(signal) => drop(kill(command, signal)),
            Err(_) => {}
        }
    }
}
