//! Waits for the orphans as well, before it ends. Some never do.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use process::signals::BlockedSignals;

pub fn serve(command: Pid, signals: &BlockedSignals) -> i32 {
    let mut code = 0;
    loop {
        let Ok(signal) = signals.wait() else { return 125 };
        if signal.number != Signal::SIGCHLD as i32 {
            let _ = Signal::try_from(signal.number).map(|signal| kill(command, signal));
            continue;
        }
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, status)) if pid == command => code = status,
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == command => {
                    code = 128 + signal as i32;
                }
                Err(Errno::ECHILD) => return code,
                Ok(WaitStatus::StillAlive) | Err(_) => break,
                Ok(_) => {}
            }
        }
    }
}
