//! Whose a record is: its runtime's, the container's own, or that of whoever has made it, and
//! then it stays until it is removed.
//!
//! One that stays is taken up again by its id, and handed on from one program to the next with
//! its lock: an open file that is locked stays so across exec(2).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;

use super::announcement::Announcement;
use super::directory::{Entry, Folder, containers, of};
use super::resolved::{Recorded, Resolved};
use super::{Lock, State};
use crate::life::Owner;
use crate::{Error, Result};

impl State {
    /// Writes down a container that does not run yet, and that stays when it has ended.
    ///
    /// # Errors
    /// If another one has the name.
    pub fn keep(&mut self, chapter: &str, resolved: Resolved) -> Result<()> {
        self.write_down(chapter, None, resolved)?;
        self.stays = true;
        Ok(())
    }

    /// Lets it stay no longer: it goes with whoever has it now, or is swept when that is gone.
    ///
    /// # Errors
    /// If it cannot be written down.
    pub fn keep_no_longer(&mut self) -> Result<()> {
        self.change("owner", Owner::Runtime)?;
        self.stays = false;
        Ok(())
    }

    /// The same for one that is about to be removed. A full disk may be the reason for that, and
    /// takes no new record: then nobody but us knows, and if we are killed, it has to be
    /// removed again.
    ///
    /// # Errors
    /// As [`Self::keep_no_longer`].
    pub fn give_up(&mut self) -> Result<()> {
        match self.keep_no_longer() {
            Err(error) if matches!(error.errno(), Some(Errno::ENOSPC | Errno::EDQUOT)) => {
                self.stays = false;
                Ok(())
            }
            written => written,
        }
    }

    /// Whether it stays when the container has ended.
    pub fn stays(&self) -> bool {
        self.stays
    }

    /// Writes down that the container belongs to itself from now on.
    ///
    /// # Errors
    /// If it was not announced.
    pub(crate) fn give_to_itself(&self) -> Result<()> {
        self.change("owner", Owner::Itself)
    }

    /// Lets go of the record, and leaves it where it is.
    pub fn leave(mut self) {
        self.is_ours = false;
    }

    /// The record of a container that stays, by its id; `None` if somebody else has it, as
    /// the runtime of one that runs does, or it is gone.
    ///
    /// # Errors
    /// If it cannot be locked, or is of a later version.
    pub fn open(id: &str) -> Result<Option<Self>> {
        let entry = Entry { folder: Folder::open(containers())?, id: id.to_owned() };
        let lock = entry.try_lock()?;
        lock.map(|lock| Self::locked(id, entry.path(), lock)).transpose()
    }

    /// The same where the program that has started us has locked it, and has handed the lock on.
    ///
    /// # Errors
    /// If the record cannot be read, or is of a later version.
    pub fn adopt(id: &str, lock: OwnedFd) -> Result<Self> {
        Self::locked(id, of(id), Lock::handed_down(lock))
    }

    fn locked(id: &str, dir: PathBuf, lock: Lock) -> Result<Self> {
        let it = Announcement::look(&dir)?;
        let stays = it.as_ref().is_some_and(Announcement::stays);
        let id = it.as_ref().map_or(id, |it| it.full_id(id)).to_owned();
        let name = Announcement::name(&dir);
        Ok(Self { id, name, dir, is_ours: true, stays, lock })
    }

    /// Refuses the record of a later version, and of a container that may be alive without us.
    ///
    /// # Errors
    /// If it is one.
    pub(crate) fn check_is_abandoned(&self) -> Result<()> {
        if Announcement::is_abandoned(Announcement::look(&self.dir)?.as_ref())? {
            return Ok(());
        }
        Err(Error::new(format!("the container {} lives on its own", self.id())))
    }

    /// What another program holds as well if it is handed on.
    pub fn lock(&self) -> BorrowedFd<'_> {
        self.lock.as_fd()
    }

    /// What the container was asked to be.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn resolved(&self) -> Result<Recorded> {
        Announcement::recorded(&self.dir)
    }
}
