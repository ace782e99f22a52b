//! What happens to those who are followed.

use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// What happened to a process. All but the last two are stops: the process waits to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is about to make a system call.
    Entered(Call),
    /// It has made one.
    Left {
        /// What the call returned: an error is a negative number.
        result: i64,
    },
    /// It has made another process, by fork(2) or a clone(2) like it.
    Forked {
        /// The new one, which is followed, too.
        child: Pid,
    },
    /// It has executed a program; the execve(2) is yet to be left.
    Executed,
    /// It has ended, with this exit code.
    Exited(i32),
    /// A signal has ended it.
    Killed(Signal),
}

/// A system call, as it is asked of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number: `libc::SYS_mkdir`.
    pub number: i64,
    /// Its arguments, of which most calls have fewer.
    pub arguments: [u64; 6],
}

/// What a call returns to the kernel itself, which then makes it once more: the program
/// never hears of it (`ERESTARTNOINTR`).
///
/// A write to a network's switches waits so for the network's lock.
pub const MADE_AGAIN: i64 = -513;
