//! Whose a record is: its runtime's, the container's own, or that of whoever has made it, and
//! then it stays until it is removed.
//!
//! One that stays is taken up again by its id, and handed on from one program to the next with its lock:
//! an open file that is locked stays so across exec(2).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use super::announcement::Announcement;
use super::directory::{of, try_lock};
use super::resolved::{Recorded, Resolved};
use super::{Lock, State};
use crate::Result;
use crate::life::Owner;

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
        self.replace(Announcement::but_for(&self.dir, "owner", Owner::Runtime)?)?;
        self.stays = false;
        Ok(())
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
        self.replace(Announcement::but_for(&self.dir, "owner", Owner::Itself)?)
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
        let dir = of(id);
        try_lock(&dir)?.map(|lock| Self::locked(id, dir, lock)).transpose()
    }

    /// The same where the program that has started us has locked it, and has handed the lock on.
    ///
    /// # Errors
    /// If the record cannot be read, or is of a later version.
    pub fn adopt(id: &str, lock: OwnedFd) -> Result<Self> {
        Self::locked(id, of(id), Lock::handed_down(lock))
    }

    fn locked(id: &str, dir: PathBuf, lock: Lock) -> Result<Self> {
        Announcement::check_version(&dir)?;
        let it = Announcement::read(&dir);
        let stays = it.as_ref().is_some_and(Announcement::stays);
        let id = it.as_ref().map_or(id, |it| it.full_id(id)).to_owned();
        Ok(Self { id, dir, is_ours: true, stays, lock })
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
