//! The rights of a directory's owner, lent: setfsuid(2).

use std::os::fd::OwnedFd;

use nix::sys::stat::fstat;
use nix::unistd::{Gid, Uid, getegid, geteuid, setfsgid, setfsuid};
use process::{Result, Step};

/// The rights of a directory's owner, until it is dropped. A user who is not root may
/// not have them, and keeps their own.
pub struct Owner;

impl Owner {
    /// Takes them on.
    ///
    /// # Errors
    /// If the directory cannot be looked at.
    pub fn of(dir: &OwnedFd) -> Result<Self> {
        let stat = fstat(dir).step(|| "look at a directory")?;
        setfsgid(Gid::from_raw(stat.st_gid));
        setfsuid(Uid::from_raw(stat.st_uid));
        Ok(Self)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
}
