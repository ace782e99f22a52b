//! Signals: the ones the runtime passes on, and how it waits for them.
//!
//! `kill` aimed at the runtime is meant for the container, so the runtime blocks
//! these signals and takes them one by one with `sigwaitinfo(2)` instead of running
//! handlers. SIGCHLD comes the same way, so that one queue tells all there is to know.

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};

use crate::{Error, Result, Step, sys};

/// The signals that are passed on to the container.
const FORWARDED: [Signal; 7] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
];

/// A signal that has arrived.
pub struct Arrived {
    /// Its number.
    pub number: i32,
    /// Whether a key on the terminal sent it, and so to the whole foreground group.
    pub from_terminal: bool,
}

/// The forwarded signals and SIGCHLD, held back until [`Self::wait`] takes them.
#[derive(Debug)]
pub struct BlockedSignals {
    blocked: SigSet,
    before: SigSet,
}

impl BlockedSignals {
    /// Holds them back from now on, until this value is dropped.
    pub fn block() -> Result<Self> {
        let mut blocked: SigSet = FORWARDED.into_iter().collect();
        blocked.add(Signal::SIGCHLD);
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&blocked), Some(&mut before))
            .step(|| "block signals")?;
        Ok(Self { blocked, before })
    }

    /// The next of them, sooner or later.
    pub fn wait(&self) -> Result<Arrived> {
        loop {
            match sys::wait_for_signal(&self.blocked) {
                Ok((number, from_terminal)) => return Ok(Arrived { number, from_terminal }),
                // We were stopped and continued.
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(Error::from_errno("wait for a signal", errno)),
            }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }
}

/// A clean slate for the command: nothing blocked, nothing ignored.
pub(crate) fn reset() -> Result<()> {
    sys::reset_signal_actions().step(|| "give every signal its default action back")?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .step(|| "unblock all signals")
}
