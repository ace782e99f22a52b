//! The monitor's ends of a container's streams.
//!
//! A command writes whether anybody listens or not. A pipe takes 64 KiB, and then the writer waits
//! for a reader, pipe(7): so somebody has to read all the time, and that is the monitor.
//!
//! ```text
//!            without -i    with -i     with -t
//!   input    /dev/null     a pipe      ┐
//!   output   a pipe        a pipe      ├ one terminal
//!   errors   a pipe        a pipe      ┘
//! ```
//!
//! All of our ends are O_NONBLOCK, so that nobody can make us wait: neither a command that does
//! not read, nor one that has handed its output on to a process which outlives it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;
use process::{Result, Stdio, Step};

use super::pty::{Arrival, Console, console};
use crate::{Policy, sys};

/// The most that is read at once, in bytes.
pub(super) const PIECE: usize = 16 << 10;

/// As much input is taken in advance of a command that does not read, in bytes.
const AHEAD: usize = 64 << 10;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output, and all of a terminal.
    Out,
    /// Standard error.
    Err,
}

/// The command's ends.
#[derive(Debug)]
pub struct Inside {
    /// What it begins with.
    pub stdio: Stdio,
    /// Where its terminal comes from.
    pub console: Console,
}

/// What comes out of it.
#[derive(Debug)]
pub(super) struct Source {
    pub stream: Stream,
    from: File,
}

/// What goes into it.
#[derive(Debug, Default)]
pub(super) struct Sink {
    to: Option<File>,
    waiting: VecDeque<u8>,
    ends: bool,
}

/// All of ours.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub sources: Vec<Source>,
    pub sink: Sink,
    console: Option<Arrival>,
    is_read: bool,
    /// The terminal, and its other end.
    terminal: Option<(OwnedFd, OwnedFd)>,
}

impl Streams {
    /// Makes both ends of them.
    ///
    /// # Errors
    /// If there are no descriptors left.
    pub fn open(policy: &Policy) -> Result<(Self, Inside)> {
        let null = || File::options().read(true).write(true).open("/dev/null").map(OwnedFd::from);
        let null = || null().step(|| "open /dev/null");
        let mut ours = Self { is_read: policy.interactive, ..Self::default() };
        if policy.tty {
            let (console, arrival) = console()?;
            ours.console = Some(arrival);
            let stdio = Stdio::Files([null()?, null()?, null()?]);
            return Ok((ours, Inside { stdio, console }));
        }
        let input = if policy.interactive {
            let (input, to) = pipe()?;
            ours.sink.to = Some(without_waiting(to)?);
            input
        } else {
            null()?
        };
        let mut source = |stream| {
            let (from, theirs) = pipe()?;
            ours.sources.push(Source { stream, from: without_waiting(from)? });
            Ok(theirs)
        };
        let stdio = Stdio::Files([input, source(Stream::Out)?, source(Stream::Err)?]);
        Ok((ours, Inside { stdio, console: Console::none() }))
    }

    /// Takes the terminal, if there is one: it has been made by now.
    ///
    /// # Errors
    /// If it has not arrived.
    pub fn take_terminal(&mut self) -> Result<()> {
        let Some(arrival) = self.console.take() else { return Ok(()) };
        let (master, terminal) = arrival.receive()?;
        let step = || "share the terminal";
        let from = without_waiting(master.try_clone().step(step)?)?;
        if self.is_read {
            self.sink.to = Some(from.try_clone().step(step)?);
        }
        self.sources.push(Source { stream: Stream::Out, from });
        self.terminal = Some((master, terminal));
        Ok(())
    }

    /// There is no more to read for the command, unless somebody may come and type again.
    pub fn end_input(&mut self) {
        if self.terminal.is_none() {
            self.sink.end();
        }
    }

    /// Tells the terminal how large the one is that it is shown on.
    pub fn set_size(&self, size: (u16, u16)) {
        if let Some((master, _)) = &self.terminal {
            // Whoever comes to a terminal of the same size wants to see what is on it, too: a
            // program draws anew when the size changes, be it for a moment.
            let _ = sys::set_window_size(master, (size.0.saturating_add(1), size.1));
            let _ = sys::set_window_size(master, size);
        }
    }

    /// Reads what has come out; `None` if nothing ever will again from there.
    pub fn read<'a>(&mut self, from: Stream, piece: &'a mut [u8; PIECE]) -> Option<&'a [u8]> {
        let at = self.sources.iter().position(|source| source.stream == from)?;
        match self.sources[at].from.read(piece) {
            Ok(length @ 1..) => Some(&piece[..length]),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Some(&[])
            }
            // Its end. Asked again and again, it would say so again and again.
            Ok(0) | Err(_) => {
                self.sources.remove(at);
                None
            }
        }
    }
}

impl Source {
    /// The most that may be on its way: what was written by now is no more.
    pub fn capacity(&self) -> usize {
        let capacity = fcntl(&self.from, FcntlArg::F_GETPIPE_SZ).unwrap_or_default();
        usize::try_from(capacity).unwrap_or_default().max(64 << 10)
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.from.as_fd()
    }
}

impl Sink {
    /// Takes what is for the command; nothing, if that reads nothing.
    pub fn push(&mut self, input: &[u8]) {
        if self.to.is_some() && !self.ends {
            self.waiting.extend(input);
            self.flush();
        }
    }

    /// Nothing more will come.
    pub fn end(&mut self) {
        self.ends = true;
        self.flush();
    }

    /// Whether no more is taken for now.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= AHEAD
    }

    /// Where it goes, while something waits.
    pub fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        self.to.as_ref().filter(|_| !self.waiting.is_empty()).map(AsFd::as_fd)
    }

    /// Writes as much as is taken.
    pub fn flush(&mut self) {
        while let (Some(to), false) = (&mut self.to, self.waiting.is_empty()) {
            match to.write(self.waiting.as_slices().0) {
                Ok(length @ 1..) => drop(self.waiting.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nobody will read it.
                _ => {
                    self.to = None;
                    self.waiting.clear();
                }
            }
        }
        if self.ends {
            self.to = None;
        }
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    pipe2(OFlag::O_CLOEXEC).step(|| "make a pipe")
}

/// This end only: the other one is another open file.
fn without_waiting(end: OwnedFd) -> Result<File> {
    let set = fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
    set.step(|| "set up a stream").map(|_: i32| File::from(end))
}
