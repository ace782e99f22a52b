//! Finding the containers that are alive, from their records: `lab view NAME`.
//!
//! A record is its runtime's lock as well ([`crate::record`]), so who is alive is asked of
//! the kernel and not guessed from process ids. One that belongs to itself has nobody who
//! holds the lock: then it is asked whether that very process is there.

use std::ffi::OsString;

use nix::unistd::Pid;

use super::announcement::Announcement;
use super::directory::{entries, open};
use super::lock::Lock;
use crate::{Error, Result};

/// What others can know of a running container.
#[derive(Clone, Debug)]
pub struct Running {
    /// The container's id: twelve hexadecimal digits.
    pub id: String,
    /// Its first process, as the host numbers it.
    pub pid: Pid,
    /// The chapter whose runtime made it, such as `chapter-07-overlay`.
    pub chapter: String,
    /// The name it was given with `--name`.
    pub name: Option<String>,
    /// The command it runs.
    pub command: Vec<OsString>,
}

/// The containers that are alive, in no particular order.
pub fn running() -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for (id, dir) in entries()? {
        // A shared lock, taken and dropped again, tells an owner from none and
        // cannot be mistaken for one by a sweep at the same moment.
        let Ok(file) = open(&dir) else { continue };
        let is_owned = !matches!(Lock::try_sharing(file), Ok(Some(_)));
        // There is no announcement while it is being made.
        let it = Announcement::read(&dir);
        let is_alive = |it: &Announcement| is_owned || matches!(it.lives_on_its_own(), Ok(true));
        if let Some(it) = it.filter(is_alive) {
            let Announcement { process, chapter, name, command, .. } = it;
            let pid = Pid::from_raw(process.pid);
            running.push(Running { id, pid, chapter, name, command });
        }
    }
    Ok(running)
}

/// Refuses a name that a running container has.
pub(crate) fn check_is_free(name: &str) -> Result<()> {
    match running()?.iter().find(|other| other.name.as_deref() == Some(name)) {
        None => Ok(()),
        Some(other) => {
            Err(Error::new(format!("the name {name} is in use by container {}", other.id)))
        }
    }
}
