//! Signals: the ones the runtime passes on, and how it waits for them.
//!
//! `kill` aimed at the runtime is meant for the container, so the runtime blocks
//! these signals and takes them one by one with `sigwaitinfo(2)` instead of running
//! handlers. SIGCHLD comes the same way, so that one queue tells all there is to know.
//!
//! A signal is a number. Most have a name, the real-time ones from 34 to 64 do not, and a
//! container may live and die by any of them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::{Error, ExitStatus, Result, Step, sys};

/// What is not held back, and not passed on: SIGPIPE speaks of a pipe of our own, and the
/// others stop us. How the container follows is told in `terminal.rs`.
const OURS: [Signal; 4] = [Signal::SIGPIPE, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// What a terminal sends, and then to the whole foreground group.
const KEYS: [Signal; 4] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGWINCH];

/// What asks to come to an end.
const ENDS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// A signal that has arrived.
pub struct Arrived {
    /// Its number.
    pub number: i32,
    /// Whether a key on the terminal sent it, and so to the whole foreground group.
    pub from_terminal: bool,
}

/// The forwarded signals, SIGCHLD and SIGCONT, held back until [`Self::wait`] takes them.
#[derive(Debug)]
pub struct BlockedSignals {
    blocked: SigSet,
    before: SigSet,
}

impl BlockedSignals {
    /// Holds them back from now on, until this value is dropped.
    pub fn block() -> Result<Self> {
        // A process that ignores SIGCHLD is not told of the end of a child, and cannot wait
        // for it.
        sys::reset_action(libc::SIGCHLD).step(|| "reset SIGCHLD")?;
        // A signal that is ignored arrives all the same if it is held back.
        let ignored = ignored_keys()?;
        let is_held_back =
            |number: &i32| !is_one_of(&OURS, *number) && !is_one_of(&ignored, *number);
        let blocked = sys::signal_set((1..=libc::SIGRTMAX()).filter(is_held_back));
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&blocked), Some(&mut before))
            .step(|| "block signals")?;
        Ok(Self { blocked, before })
    }

    /// The next of them, sooner or later.
    pub fn wait(&self) -> Result<Arrived> {
        loop {
            match sys::wait_for_signal(&self.blocked) {
                Ok((number, is_of_kernel)) => {
                    let from_terminal = is_of_kernel && is_one_of(&KEYS, number);
                    return Ok(Arrived { number, from_terminal });
                }
                // We were stopped and continued.
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(Error::from_errno("wait for a signal", errno)),
            }
        }
    }

    /// The next of them, if one has arrived.
    pub fn next(&self) -> Result<Option<Arrived>> {
        let arrived = sys::next_signal(&self.blocked).step(|| "look for a signal")?;
        Ok(arrived.map(|(number, is_of_kernel)| Arrived {
            number,
            from_terminal: is_of_kernel && is_one_of(&KEYS, number),
        }))
    }

    /// A descriptor that can be read from when one has arrived: signalfd(2). It is only looked
    /// at, since what is read from it does not tell who has sent the signal.
    pub fn listen(&self) -> Result<OwnedFd> {
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&self.blocked, flags);
        signals.map(OwnedFd::from).step(|| "listen for signals")
    }

    /// Waits until something can be read from `fd`.
    ///
    /// # Errors
    /// If a signal asks us to end before that. Nothing may hold up whoever presses Ctrl-C.
    pub(crate) fn wait_beside(&self, fd: impl AsFd) -> Result<()> {
        let ends: SigSet = ENDS.into_iter().filter(|end| self.blocked.contains(*end)).collect();
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&ends, flags).step(|| "listen for signals")?;
        let ready = |fd: &PollFd<'_>| fd.any().unwrap_or_default();
        loop {
            let mut both = [fd.as_fd(), signals.as_fd()].map(waits_for_input);
            match poll(&mut both, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                polled => polled.step(|| "wait for the container")?,
            };
            if ready(&both[0]) {
                return Ok(());
            }
            if let Some(info) = signals.read_signal().step(|| "read a signal")? {
                let signal = info.ssi_signo.cast_signed();
                let (status, name) = (ExitStatus::Signaled(signal), name(signal));
                return Err(Error::new(format!("{name} came before the container had started"))
                    .with_exit_code(status.code()));
            }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }
}

/// Sends a signal, whatever its number.
pub fn send(pid: Pid, number: i32) -> nix::Result<()> {
    sys::kill(pid, number)
}

/// What a signal is called: `SIGTERM`, or `signal 34`.
pub fn name(number: i32) -> String {
    match Signal::try_from(number) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => format!("signal {number}"),
    }
}

/// The signal that a word means: `TERM`, `SIGTERM`, or a number.
///
/// # Errors
/// If there is none of this name or number.
pub fn parse(word: &str) -> Result<i32> {
    let upper = word.to_ascii_uppercase();
    let name = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
    let number = word.parse().ok().filter(|number| (1..=libc::SIGRTMAX()).contains(number));
    let named = || name.parse::<Signal>().ok().map(|signal| signal as i32);
    number.or_else(named).ok_or_else(|| Error::new(format!("there is no signal `{word}`")))
}

/// Waits in a way that a signal which asks to end can always interrupt, also while
/// [`BlockedSignals`] holds it back: then it ends this process, as it does others.
pub(crate) fn interruptible<T>(wait: impl FnOnce() -> T) -> T {
    let ends: SigSet = ENDS.into_iter().collect();
    let mut before = SigSet::empty();
    let unblocked = sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&ends), Some(&mut before));
    let waited = wait();
    if unblocked.is_ok() {
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
    }
    waited
}

fn waits_for_input(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

/// Whether this process ignores a signal, as one does that nohup has started.
///
/// # Errors
/// If the kernel does not tell.
pub fn is_ignored(signal: Signal) -> Result<bool> {
    sys::is_ignored(signal as i32).step(|| format!("ask whether {signal} is ignored"))
}

/// What the caller keeps from this whole job, of the keys of the terminal and its end: nohup
/// does so with SIGHUP, and a script with SIGINT of what it puts in the background.
fn ignored_keys() -> Result<Vec<Signal>> {
    let mut ignored = Vec::new();
    for key in KEYS {
        if is_ignored(key)? {
            ignored.push(key);
        }
    }
    Ok(ignored)
}

/// Heeds again what the caller has ignored: for a process that lets go of the caller's job.
///
/// # Errors
/// If the kernel refuses.
pub fn heed_keys() -> Result<()> {
    let reset = KEYS.into_iter().try_for_each(|key| sys::reset_action(key as i32));
    reset.step(|| "heed all signals")
}

fn is_one_of(signals: &[Signal], number: i32) -> bool {
    signals.iter().any(|signal| *signal as i32 == number)
}

/// A clean slate for the command: nothing is blocked, nothing but such a key ignored. A
/// handler does not survive exec, but "ignored" does, and Rust ignores SIGPIPE before `main`.
pub(crate) fn reset_signals() -> Result<()> {
    let ignored = ignored_keys()?;
    for number in 1..=libc::SIGRTMAX() {
        if !is_one_of(&ignored, number) {
            sys::reset_action(number).step(|| "give every signal its default action back")?;
        }
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .step(|| "unblock all signals")
}
