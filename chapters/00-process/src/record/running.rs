//! Finding the containers that are alive, from their records: `lab view NAME`.
//!
//! A record is its runtime's lock as well ([`crate::record`]), so who is alive is asked of
//! the kernel and not guessed from process ids. One that belongs to itself has nobody who
//! holds the lock: then it is asked whether that very process is there.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use super::announcement::Announcement;
use super::directory::entries;
use super::identity::Identity;
use super::known::is_owned;
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
    chosen(|_, _| true)
}

/// The running container that a word means: its name, its whole id, or the beginning of one
/// that no other id has.
///
/// # Errors
/// If it means none, or more than one: the hint lists who runs.
pub fn find(word: &str) -> Result<Running> {
    let mut meant = chosen(|_, it| it.name.as_deref() == Some(word))?;
    if meant.is_empty() && !word.is_empty() {
        meant = chosen(|short, it| it.full_id(short).starts_with(word))?;
    }
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

/// `3f9c0a1b2c4d (web), 0b6f4d2c1a3e`
fn list() -> Result<String> {
    let mut all = running()?;
    all.sort_by(|one, other| one.id.cmp(&other.id));
    let words = all.into_iter().map(|Running { id, name, .. }| match name {
        Some(name) => format!("{id} ({name})"),
        None => id,
    });
    Ok(words.collect::<Vec<_>>().join(", "))
}

/// Those of them that are meant. Only these are asked whether they live.
fn chosen(is_meant: impl Fn(&str, &Announcement) -> bool) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for (id, record) in entries()? {
        // There is no announcement while it is being made.
        let it = Announcement::read(&record).filter(|it| is_meant(&id, it));
        if let Some(it) = it.filter(|it| is_alive(&record, it)) {
            let Announcement { process: Some(process), chapter, name, command, .. } = it else {
                continue;
            };
            let pid = Pid::from_raw(process.pid);
            running.push(Running { id, pid, chapter, name, command, process, record });
        }
    }
    Ok(running)
}

fn is_alive(record: &Path, it: &Announcement) -> bool {
    is_owned(record) || matches!(it.lives_on_its_own(), Ok(true))
}

/// Refuses a name that another container has, one that runs or one that stays.
pub(crate) fn check_is_free(name: &str) -> Result<()> {
    for (id, record) in entries()? {
        let it = Announcement::read(&record).filter(|it| it.name.as_deref() == Some(name));
        if it.is_some_and(|it| it.stays() || is_alive(&record, &it)) {
            return Err(Error::new(format!("the name {name} is in use by container {id}")));
        }
    }
    Ok(())
}
