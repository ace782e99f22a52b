//! Writes nothing before there is a code. What is there is of an earlier life.
//!
//! ```text
//!   /run/containers/NAME/        locked by the monitor as long as it lives
//!     life                       running 0, or exited 3
//! ```

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;

use nix::errno::Errno;
use process::{Error, Result, Step};

/// What the file says.
pub struct Life {
    status: String,
    code: u8,
}

impl Life {
    /// The command has been started.
    pub fn running() -> Self {
        Self { status: "running".to_owned(), code: 0 }
    }

    /// The command has ended.
    pub fn exited(code: u8) -> Self {
        Self { status: "exited".to_owned(), code }
    }

    /// Writes it down. A reader finds the old file or the new one, and never a half of it.
    pub fn write(&self, dir: &Path) -> Result<()> {
        if self.status == "running" {
            return Ok(());
        }
        let beside = dir.join("life.new");
        fs::write(&beside, format!("{} {}\n", self.status, self.code))
            .and_then(|()| fs::rename(&beside, dir.join("life")))
            .step(|| format!("write {}/life", dir.display()))
    }

    fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("life");
        let text = fs::read_to_string(&path).step(|| format!("read {}", path.display()))?;
        let parse = || {
            let (status, code) = text.trim_end().split_once(' ')?;
            Some(Self { status: status.to_owned(), code: code.parse().ok()? })
        };
        parse().ok_or_else(|| Error::new(format!("{}: it says {text:?}", path.display())))
    }
}

/// Waits until a container does not run any more, and says its exit code; `None` if nobody knows.
pub fn wait(dir: &Path) -> Result<Option<u8>> {
    // The monitor has the lock. Whoever else gets it knows that the monitor has ended.
    let lock = File::open(dir).step(|| format!("open {}", dir.display()))?;
    // SAFETY: the descriptor is open.
    let taken = unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_SH) };
    Errno::result(taken).step(|| format!("lock {}", dir.display()))?;
    match Life::read(dir) {
        Ok(life) => Ok(Some(life.code)),
        Err(_) => Ok(None),
    }
}
