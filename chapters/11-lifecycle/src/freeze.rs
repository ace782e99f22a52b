//! `pause` and `unpause`: a container that stands still, and knows nothing of it.
//!
//! SIGSTOP would do it for one process, which its parent sees and another process can undo.
//! The freezer of chapter 6 stops the whole cgroup, also what is being forked.

use cgroups::{Cgroup, Groups, Hierarchy};
use process::record::{Known, find_known};
use process::{Error, Result};

/// Stops all its processes where they are.
///
/// # Errors
/// If it does not run, is paused already, or this host has no freezer.
pub fn pause(word: &str) -> Result<()> {
    let it = find_known(word)?;
    let groups = groups(&it)?;
    if groups.is_frozen()? {
        return Err(Error::new(format!("container {} is already paused", it.word())));
    }
    groups.freeze()
}

/// Lets them go on.
///
/// # Errors
/// If it does not run, or is not paused.
pub fn unpause(word: &str) -> Result<()> {
    let it = find_known(word)?;
    let groups = groups(&it)?;
    if !groups.is_frozen()? {
        return Err(Error::new(format!("container {} is not paused", it.word())));
    }
    groups.thaw()
}

/// Whether it is paused now. The kernel is asked: its root can do that as well.
pub(crate) fn is_paused(it: &Known, trees: &[Hierarchy]) -> bool {
    let groups = Cgroup::open_in(trees, &it.dir).ok().flatten();
    groups.is_some_and(|groups| groups.is_frozen().unwrap_or(false))
}

fn groups(it: &Known) -> Result<Groups> {
    if !it.is_alive {
        return Err(Error::new(format!("container {} is not running", it.word())));
    }
    let none = || Error::new(format!("container {} has no cgroup", it.word()));
    Cgroup::open(&it.dir)?.ok_or_else(none)
}
