//! Signals that are meant for the command, and how the runtime passes them on.
//!
//! They are blocked, and taken one by one with sigwait(3). SIGCHLD comes the same way, so
//! that one queue tells all there is to know.

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

const PASSED_ON: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1];

/// The signals that are blocked, so that they wait for us.
pub struct Signals(SigSet);

impl Signals {
    /// From now on they wait.
    pub fn block() -> nix::Result<Self> {
        let mut signals: SigSet = PASSED_ON.into_iter().collect();
        signals.add(Signal::SIGCHLD);
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&signals), None)?;
        Ok(Self(signals))
    }

    /// In the command's process, before exec: a program expects that none is blocked.
    pub fn release(&self) -> nix::Result<()> {
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::empty()), None)
    }

    /// Passes signals on to the command until it ends; returns the exit code.
    pub fn pass_on_until_end(&self, command: Pid) -> nix::Result<u8> {
        loop {
            let signal = self.0.wait()?;
            if signal != Signal::SIGCHLD {
                kill(command, signal)?;
                continue;
            }
            match waitpid(command, Some(WaitPidFlag::WNOHANG))? {
                WaitStatus::Exited(_, code) => return Ok(code as u8),
                WaitStatus::Signaled(_, signal, _) => return Ok(128 + signal as u8),
                _ => {}
            }
        }
    }
}
