//! Finding the containers that are alive, from their records: `lab view NAME`.
//!
//! A record is its runtime's lock as well ([`crate::record`]), so who is alive is asked of
//! the kernel and not guessed from process ids. One that belongs to itself has nobody who
//! holds the lock: then it is asked whether that very process is there.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::unistd::Pid;

use super::announcement::Announcement;
use super::directory::{Entry, entries, of};
use super::identity::Identity;
use super::known::{exists, in_words, is_owned};
use super::names;
use super::resolved::Recorded;
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
    process: Identity,
    record: PathBuf,
}

impl Running {
    /// A descriptor that means its first process, and no later one with that number.
    ///
    /// # Errors
    /// If that has ended meanwhile.
    pub fn pidfd(&self) -> Result<OwnedFd> {
        self.process.open()?.ok_or_else(|| {
            let message = format!("container {} is not running", self.id);
            Error::new(message).with_exit_code(Error::REFUSED)
        })
    }

    /// What it was asked to be.
    ///
    /// # Errors
    /// If the record cannot be read any more.
    pub fn recorded(&self) -> Result<Recorded> {
        Announcement::recorded(&self.record)
    }
}

/// The containers that are alive, in no particular order.
pub fn running() -> Result<Vec<Running>> {
    let living = |it: Entry| living(&it.id, it.path(), |_| true).ok().flatten();
    Ok(entries()?.into_iter().filter_map(living).collect())
}

/// The one of them with this id, of twelve digits.
pub fn with_id(id: &str) -> Option<Running> {
    living(id, of(id), |_| true).ok().flatten()
}

/// The running container that a word means: its name, its whole id, or the beginning of one
/// that no other id has.
///
/// # Errors
/// If it means none, or more than one: the hint lists who runs. If a record that may be meant
/// cannot be looked at.
pub fn find(word: &str) -> Result<Running> {
    let has_name = |one: &Running| one.name.as_deref() == Some(word);
    let named = names::holder(word)?.map_or(Ok(None), |id| living(&id, of(&id), |_| true))?;
    if let Some(named) = named.filter(has_name) {
        return Ok(named);
    }
    let mut meant = if word.is_empty() { Vec::new() } else { with_beginning(word)? };
    match (meant.len(), meant.pop()) {
        (1, Some(one)) => Ok(one),
        (0, _) => Err(Error::new(format!("no such container: {word}")).with_hint(match list()? {
            list if list.is_empty() => {
                "no container is running; `lab run chapter-07 -- sh` starts one".to_owned()
            }
            list => format!("these are running: {list}"),
        })),
        _ => Err(Error::new(format!("more than one container has an id that begins with {word}"))
            .with_hint(format!("these are running: {}", list()?))),
    }
    .map_err(|error| error.with_exit_code(Error::REFUSED))
}

/// Those whose id begins so. A record is read only where its own name, which is the beginning
/// of the id, leaves it open.
fn with_beginning(word: &str) -> Result<Vec<Running>> {
    let mut meant = entries()?;
    meant.retain(|it| it.id.starts_with(word) || word.starts_with(&it.id));
    let is_meant = |short: &str, it: &Announcement| it.full_id(short).starts_with(word);
    let living = |one: &Entry| living(&one.id, one.path(), |it| is_meant(&one.id, it));
    meant.iter().filter_map(|one| living(one).transpose()).collect()
}

/// Those that run, in words.
fn list() -> Result<String> {
    let mut all = running()?;
    all.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(in_words(all.iter().map(|it| (&*it.id, it.name.as_deref()))))
}

/// Reads a record, if it is the one that is meant, and of a container that is alive.
fn living(
    id: &str,
    record: PathBuf,
    is_meant: impl FnOnce(&Announcement) -> bool,
) -> Result<Option<Running>> {
    // There is no announcement while it is being made.
    let Some(it) = Announcement::look(&record)?.filter(is_meant) else { return Ok(None) };
    if !is_owned(&record) && !it.lives_on_its_own()? {
        return Ok(None);
    }
    let Announcement { process, chapter, name, command, .. } = it;
    // It has none while it is being started.
    let Some(process) = process else { return Ok(None) };
    let (id, pid) = (id.to_owned(), Pid::from_raw(process.pid));
    Ok(Some(Running { id, pid, chapter, name, command, process, record }))
}

/// Whether a container is there or is being made: it has not been left by all.
pub(super) fn has_owner(id: &str) -> bool {
    is_owned(&of(id)) || exists(id)
}
