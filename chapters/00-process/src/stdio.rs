//! Standard input, output and error: whose they are, and opened once more by their names.
//!
//! The container has the caller's three streams as they are, or three files that it is given.
//! A program that writes to
//! `/dev/stderr` instead of to descriptor 2 opens the stream *anew*, by its link in
//! /proc/self/fd, and for that the kernel asks as for any file: whose is it, what is its
//! mode? A pipe belongs to its maker, and to nobody else (0600). So a container's other
//! user, or its root in a user namespace (chapter 8), may use what it has and not open it.
//!
//! | stream               | what is done                                               |
//! |----------------------|------------------------------------------------------------|
//! | a pipe               | opened to everybody who has it already                     |
//! | a socket             | nothing: nobody can open one by a name, unix(7)            |
//! | a file, a named pipe | nothing: it is the caller's, and has a name on the host    |
//! | a terminal, a device | nothing: it is the host's                                  |
//!
//! Other runtimes give the pipe away, and then it is the caller who cannot open it any
//! more. The mode does it as well: a pipe has no name but in the /proc/PID/fd of those who
//! have it, and only they may look in there, proc_pid_fd(5).

use std::io::{stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::stat::{Mode, SFlag, fchmod, fstat};
use nix::sys::statfs::{FsType, fstatfs};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};

use crate::terminal::Terminal;
use crate::{Lifetime, Result, Step};

/// linux/magic.h: where pipes are that have no name.
const PIPEFS: FsType = FsType(0x5049_5045);

/// What a container has as its descriptors 0, 1 and 2.
#[derive(Debug)]
pub enum Stdio {
    /// Those of its runtime, and job control on a terminal that is among them.
    Inherit,
    /// These, in this order.
    Files([OwnedFd; 3]),
}

impl Stdio {
    /// The terminal that it borrows from the caller, if it has one and ends before the caller:
    /// whoever lends it has to be there to take it back.
    pub(crate) fn terminal(&self, lifetime: Lifetime<'_>) -> Option<Terminal> {
        match (self, lifetime) {
            (Self::Inherit, Lifetime::WithRuntime) => Terminal::of_caller(),
            _ => None,
        }
    }

    /// Lets the streams that are pipes be opened by every user of the container.
    ///
    /// Without the right to, as over somebody else's pipe, they stay as they are.
    pub(crate) fn open_pipes(&self) {
        let (input, output, errors) = (stdin(), stdout(), stderr());
        let streams = match self {
            Self::Inherit => [input.as_fd(), output.as_fd(), errors.as_fd()],
            Self::Files(files) => files.each_ref().map(AsFd::as_fd),
        };
        for stream in streams.into_iter().filter(|stream| is_nameless_pipe(*stream)) {
            let _ = fchmod(stream, Mode::from_bits_truncate(0o666));
        }
    }

    /// In the new process: has them from now on.
    pub(crate) fn take(&self) -> Result<()> {
        let Self::Files(files) = self else { return Ok(()) };
        let step = || "put standard input, output and error in place";
        // Copies above 2: one of them may be 1, and would be lost when that is put in place.
        let [input, output, errors] = files.each_ref().map(OwnedFd::try_clone);
        dup2_stdin(input.step(step)?).step(step)?;
        dup2_stdout(output.step(step)?).step(step)?;
        dup2_stderr(errors.step(step)?).step(step)
    }
}

/// Whether it is a pipe of pipe(2), and no file by which anybody else would find it.
fn is_nameless_pipe(stream: BorrowedFd<'_>) -> bool {
    let is_pipe = fstat(stream).is_ok_and(|found| {
        SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFIFO
    });
    is_pipe && fstatfs(stream).is_ok_and(|found| found.filesystem_type() == PIPEFS)
}
