//! The ioctls of terminals that `nix` does not wrap, and all `unsafe` of this chapter:
//! `ioctl_tty(2)`, `TIOCSWINSZ(2const)`.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;

/// `TIOCSPTLCK`: lets the other end of a new pseudo-terminal be opened.
pub fn unlock(master: impl AsFd) -> nix::Result<()> {
    let locked: libc::c_int = 0;
    // SAFETY: the kernel reads an int, which outlives the call.
    let result =
        unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCSPTLCK, &raw const locked) };
    Errno::result(result).map(drop)
}

/// `TIOCGPTPEER`: opens the other end, by no path that might lead elsewhere.
pub fn peer(master: impl AsFd) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    // SAFETY: the argument is a number, and no memory is touched.
    let fd = unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCGPTPEER, flags.bits()) };
    let fd = Errno::result(fd)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `TIOCSCTTY`: makes a terminal that of our session, whose leader we are.
pub fn control(terminal: impl AsFd) -> nix::Result<()> {
    // SAFETY: the argument is a number, and no memory is touched.
    let result = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSCTTY, 0) };
    Errno::result(result).map(drop)
}

/// `TIOCGWINSZ`: how many rows and columns a terminal has.
pub fn window_size(terminal: impl AsFd) -> nix::Result<(u16, u16)> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel writes a winsize, which outlives the call.
    let result =
        unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    Errno::result(result).map(|_| (size.ws_row, size.ws_col))
}

/// `TIOCSWINSZ`: tells a terminal, and by SIGWINCH its foreground.
pub fn set_window_size(terminal: impl AsFd, (rows, columns): (u16, u16)) -> nix::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel reads a winsize, which outlives the call.
    let result =
        unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    Errno::result(result).map(drop)
}
