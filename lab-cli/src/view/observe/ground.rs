//! Which directory a process's root is, whatever it is called.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::stat::fstat;
use serde::{Deserialize, Serialize};

use crate::view::proc::Status;

/// The identity of a root directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// `st_dev`.
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
    /// The number of the mount that it is on.
    pub mount: u64,
}

impl Ground {
    /// Of an open root. O_PATH has opened no file, only named it; these two calls ask no
    /// more either.
    pub fn of(root: &OwnedFd) -> Option<Self> {
        let stat = fstat(root).ok()?;
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", root.as_raw_fd()));
        let mount = Status(info.ok()?).number("mnt_id")?;
        Some(Self { device: stat.st_dev, inode: stat.st_ino, mount })
    }
}
