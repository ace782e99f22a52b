//! What has become of a child: `waitid(2)`.
//!
//! A child is waited for once: whoever asks and cannot read the answer has lost it. So
//! signals are numbers here, as in the kernel, and not an enum's variants, which the
//! real-time signals (34 to 64) are not among.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::{ExitStatus, sys};

/// What has happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has ended, and is waited for by this.
    Ended(ExitStatus),
    /// A signal such as Ctrl-Z has stopped it.
    Stopped,
}

/// The end of any child, without waiting for it: whose, and which.
///
/// # Errors
/// `ECHILD` if there are no children.
pub fn any_end() -> nix::Result<Option<(Pid, ExitStatus)>> {
    let change =
        again_if_interrupted(|| sys::waitid(libc::P_ALL, 0, libc::WEXITED | libc::WNOHANG))?;
    Ok(change.and_then(|(pid, change)| match change {
        Change::Ended(status) => Some((pid, status)),
        Change::Stopped => None,
    }))
}

impl Change {
    /// What is new of one child, without waiting for it.
    pub fn of(pidfd: BorrowedFd<'_>) -> nix::Result<Option<Self>> {
        let id = pidfd.as_raw_fd().cast_unsigned();
        let flags = libc::WEXITED | libc::WSTOPPED | libc::WNOHANG;
        let change = again_if_interrupted(|| sys::waitid(libc::P_PIDFD, id, flags))?;
        Ok(change.map(|(_, change)| change))
    }
}

/// Waits for the end of a child.
pub fn wait_for(pid: Pid) -> nix::Result<ExitStatus> {
    let id = pid.as_raw().cast_unsigned();
    match again_if_interrupted(|| sys::waitid(libc::P_PID, id, libc::WEXITED))? {
        Some((_, Change::Ended(status))) => Ok(status),
        _ => Err(Errno::ECHILD),
    }
}

fn again_if_interrupted<T>(ask: impl Fn() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match ask() {
            Err(Errno::EINTR) => {}
            answer => return answer,
        }
    }
}
