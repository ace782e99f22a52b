//! The keyboard, read key by key.
//!
//! A terminal hands over whole lines and turns Ctrl-C into a signal, until it is made raw;
//! termios(3). A program that dies meanwhile leaves it so. That is why signals are kept
//! back and waited for as the keys are, by one poll(2).
//!
//! When a terminal is closed, it reads as the end of a file, again and again.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, stdin};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crossterm::terminal;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use process::{Result, Step};

/// Ctrl-C, which is a key like any other here.
pub const CTRL_C: char = '\u{3}';
/// Esc, if it does not begin what another key sends.
pub const ESC: char = '\u{1b}';

/// What ends a wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody has pressed this key.
    Key(char),
    /// The terminal has another size.
    Resized,
    /// Somebody wants us gone; a terminal that was closed does, too.
    Signal(u8),
    /// There is something to read from the other descriptor.
    Other,
    /// The time is over.
    Timeout,
}

/// The keyboard of our terminal, and the signals that are kept back for it.
#[derive(Debug)]
pub struct Keyboard {
    terminal: File,
    signals: SignalFd,
}

impl Keyboard {
    /// Finds it, and keeps signals back from now on.
    ///
    /// # Errors
    /// If we have no terminal.
    pub fn open() -> Result<Self> {
        let terminal = if stdin().is_terminal() {
            stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            // The standard input may be anything: the terminal has a name, too; tty(4).
            File::open("/dev/tty")
        };
        let terminal = terminal.step(|| "open the terminal")?;
        let kept = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGWINCH];
        let kept: SigSet = kept.into_iter().collect();
        kept.thread_block().step(|| "block signals")?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let signals = SignalFd::with_flags(&kept, flags).step(|| "make a signalfd")?;
        Ok(Self { terminal, signals })
    }

    /// Makes it raw, for as long as the value lives that is returned.
    ///
    /// # Errors
    /// If the terminal refuses.
    pub fn raw(&self) -> Result<Raw> {
        terminal::enable_raw_mode().step(|| "read single keys")?;
        Ok(Raw)
    }

    /// Waits for a key or a signal, or until `other` can be read, or the time is over. The
    /// keyboard must be raw.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn wait(&self, other: Option<BorrowedFd<'_>>, time: Option<Duration>) -> Result<Event> {
        if let Some(signal) = self.signals.read_signal().step(|| "read a signal")? {
            let number = u8::try_from(signal.ssi_signo).unwrap_or_default();
            let is_resized = number == Signal::SIGWINCH as u8;
            return Ok(if is_resized { Event::Resized } else { Event::Signal(number) });
        }
        let ours = [self.terminal.as_fd(), self.signals.as_fd()];
        let mut polled: Vec<_> =
            ours.into_iter().chain(other).map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        let time = time.and_then(|time| PollTimeout::try_from(time).ok());
        if poll(&mut polled, time).step(|| "wait for a key")? == 0 {
            return Ok(Event::Timeout);
        }
        let is_ready = |fd: &PollFd<'_>| fd.any().unwrap_or_default();
        match (is_ready(&polled[0]), is_ready(&polled[1])) {
            (_, true) => self.wait(other, Some(Duration::ZERO)),
            (true, false) => self.key(),
            (false, false) => Ok(Event::Other),
        }
    }

    fn key(&self) -> Result<Event> {
        let mut bytes = [0; 64];
        let end = Event::Signal(Signal::SIGHUP as u8);
        let length = match (&self.terminal).read(&mut bytes[..1]) {
            Err(error) if error.raw_os_error() == Some(libc::EIO) => return Ok(end),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Event::Timeout),
            read => read.step(|| "read a key")?,
        };
        if length == 0 {
            return Ok(end);
        }
        // Arrows and the like send several bytes at once, which begin as Esc does.
        let mut more = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
        if bytes[0] == ESC as u8 && poll(&mut more, PollTimeout::ZERO).step(|| "read a key")? > 0 {
            (&self.terminal).read(&mut bytes).step(|| "read a key")?;
            return Ok(Event::Timeout);
        }
        Ok(Event::Key(char::from(bytes[0])))
    }
}

/// A raw keyboard.
#[must_use = "dropping it gives the keyboard back"]
#[derive(Debug)]
pub struct Raw;

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
    }
}
