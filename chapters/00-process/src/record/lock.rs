//! A lock that cannot be forgotten: `flock(2)`.
//!
//! It belongs to an *open file*, not to a process or to a name. Everybody to whom the
//! descriptor is handed down holds it as well, and the kernel lets go of it when the last
//! one closes it or dies, however that comes about. So nobody has to guess whether the
//! process whose number is written down somewhere is still the same.
//!
//! It is never unlocked but closed: an `unlock` could fail, and would take the lock from
//! those who have inherited it, too.

use std::fs::File;
use std::ops::Deref;
use std::os::fd::OwnedFd;

use nix::errno::Errno;

use crate::signals::interruptible;
use crate::sys;

/// A locked file. Dropping it closes the file, and with that unlocks it.
#[must_use = "the lock ends with this value"]
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Locks a file, as soon as nobody else does. Ctrl-C ends the wait, and this process.
    pub fn wait_for(file: File) -> nix::Result<Self> {
        interruptible(|| sys::flock(&file, libc::LOCK_EX)).map(|()| Self(file))
    }

    /// Locks a file; `None` if somebody else does.
    pub fn try_on(file: File) -> nix::Result<Option<Self>> {
        Self::attempt(file, libc::LOCK_EX)
    }

    /// Locks a file together with others who do so; `None` if somebody has it alone.
    pub fn try_sharing(file: File) -> nix::Result<Option<Self>> {
        Self::attempt(file, libc::LOCK_SH)
    }

    /// That of somebody who has handed the open file down to us.
    pub(super) fn handed_down(file: OwnedFd) -> Self {
        Self(file.into())
    }

    fn attempt(file: File, kind: libc::c_int) -> nix::Result<Option<Self>> {
        match sys::flock(&file, kind | libc::LOCK_NB) {
            Err(Errno::EWOULDBLOCK) => Ok(None),
            locked => locked.map(|()| Some(Self(file))),
        }
    }
}

impl Deref for Lock {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}
