//! A terminal that is taken, and typed into: ioctl_tty(2).

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::Result;
use nix::errno::Errno;

/// Makes a terminal the controlling one of this session.
pub fn take_terminal(terminal: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: this request takes a number, and touches no memory of ours.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY as _, 0) };
    Errno::result(result).map(drop)
}

/// Leaves this session without a controlling terminal.
pub fn leave_terminal(terminal: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: this request takes no argument.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCNOTTY as _) };
    Errno::result(result).map(drop)
}

/// Pushes a character into a terminal's input, as if it had been typed.
pub fn push_input(terminal: BorrowedFd<'_>, byte: u8) -> Result<()> {
    // SAFETY: this request reads one byte, which lives as long as the call.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSTI as _, &raw const byte) };
    Errno::result(result).map(drop)
}
