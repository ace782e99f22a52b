//! Standard input, output and error, opened once more by their names.
//!
//! The container has the caller's three streams as they are. A program that writes to
//! `/dev/stderr` instead of to descriptor 2 opens the stream *anew*, by its link in
//! /proc/self/fd, and for that the kernel asks as for any file: whose is it, what is its
//! mode? A pipe belongs to who made it, and to nobody else (0600). So a container's other
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
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::stat::{Mode, SFlag, fchmod, fstat};
use nix::sys::statfs::{FsType, fstatfs};

/// linux/magic.h: where pipes are that have no name.
const PIPEFS: FsType = FsType(0x5049_5045);

/// Lets the streams that are pipes be opened by every user of the container.
///
/// Without the right to, as over somebody else's pipe, they stay as they are.
pub(crate) fn open_pipes() {
    for stream in [stdin().as_fd(), stdout().as_fd(), stderr().as_fd()] {
        if is_nameless_pipe(stream) {
            let _ = fchmod(stream, Mode::from_bits_truncate(0o666));
        }
    }
}

/// Whether it is a pipe of pipe(2), and no file by which anybody else would find it.
fn is_nameless_pipe(stream: BorrowedFd<'_>) -> bool {
    let is_pipe = fstat(stream).is_ok_and(|found| {
        SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFIFO
    });
    is_pipe && fstatfs(stream).is_ok_and(|found| found.filesystem_type() == PIPEFS)
}
