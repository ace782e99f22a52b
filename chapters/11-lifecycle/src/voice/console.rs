//! The terminal of whoever is attached, while it stands for the container's.
//!
//! There are two terminals then, one behind the other, and only the last may act on what is
//! typed: Ctrl-C has to reach the command as a byte, and not end us. So the first one is set
//! *raw*, termios(3): no echo, no lines, no signals. It is the user's, who goes on typing in
//! it when we are gone, and gets it back however that comes about.

use std::io::{stdin, stdout};

use nix::errno::Errno;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::read;

use super::streams::PIECE;
use crate::sys;

/// Our terminal, raw until this value is dropped.
#[must_use = "it is raw no longer than this lives"]
pub(super) struct Raw(Termios);

impl Raw {
    /// Sets it; `None` if standard input is none.
    pub fn set() -> Option<Self> {
        let before = tcgetattr(stdin()).ok()?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(stdin(), SetArg::TCSADRAIN, &raw).ok().map(|()| Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

/// How many rows and columns our terminal has, if there is one.
pub(super) fn size() -> Option<(u16, u16)> {
    let size = sys::window_size(stdin()).or_else(|_| sys::window_size(stdout()));
    size.ok().filter(|size| *size != (0, 0))
}

/// What has been typed, or has come from wherever our standard input is; `None` at its end.
pub(super) fn read_input() -> Option<Vec<u8>> {
    let mut bytes = vec![0; PIECE];
    match read(stdin(), &mut bytes) {
        Err(Errno::EAGAIN | Errno::EINTR) => Some(Vec::new()),
        Ok(0) | Err(_) => None,
        Ok(length) => {
            bytes.truncate(length);
            Some(bytes)
        }
    }
}
