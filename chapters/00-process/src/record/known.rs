//! All containers that there are, whether they run or not: a list of directories and locks.
//!
//! A container is there as long as it has a record. Whoever holds the record's lock is its
//! runtime; if nobody does, it has ended, or has never been started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::announcement::Announcement;
use super::directory::{Entry, entries, open};
use super::identity::Identity;
use super::lock::Lock;
use super::names;
use super::resolved::Recorded;
use crate::{Error, Result};

/// What is known of a container.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id: twelve hexadecimal digits.
    pub id: String,
    /// All 64 of them.
    pub full_id: String,
    /// The name it was given with `--name`.
    pub name: Option<String>,
    /// The chapter whose runtime makes it, such as `chapter-07-overlay`.
    pub chapter: String,
    /// When it was made, in milliseconds since 1970.
    pub created: u64,
    /// The command that it runs.
    pub command: Vec<OsString>,
    /// Its first process, the last one that it had.
    pub process: Option<Identity>,
    /// Whether it has a runtime now, or lives by itself.
    pub is_alive: bool,
    /// Whether it stays when it has ended.
    pub stays: bool,
    /// Its record.
    pub dir: PathBuf,
}

impl Known {
    /// What it was asked to be.
    ///
    /// # Errors
    /// If the record cannot be read any more.
    pub fn recorded(&self) -> Result<Recorded> {
        Announcement::recorded(&self.dir)
    }

    /// What people call it: its name, or its id.
    pub fn word(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// All containers, the one that was made last first.
///
/// # Errors
/// If the records cannot be listed.
pub fn known() -> Result<Vec<Known>> {
    let records = entries()?.into_iter();
    let mut all: Vec<_> = records.filter_map(|it| read(it.id.clone(), it.path())).collect();
    all.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.id.cmp(&other.id)));
    Ok(all)
}

/// Why a record is in none of these lists though it is there: it cannot be read.
///
/// # Errors
/// If the records cannot be listed.
pub fn unreadable() -> Result<Vec<Error>> {
    Ok(entries()?.iter().filter_map(|it| Announcement::look(&it.path()).err()).collect())
}

/// The container with this id, if there is one.
///
/// # Errors
/// If its record cannot be looked at.
pub fn known_by_id(id: &str) -> Result<Option<Known>> {
    Ok(read(id.to_owned(), super::of(id)))
}

/// The container that a word means: its name, its whole id, or the beginning of one that no
/// other id has.
///
/// # Errors
/// If it means none, or more than one.
pub fn find_known(word: &str) -> Result<Known> {
    if let Some(it) = look_for(word)? {
        return Ok(it);
    }
    let all = known()?;
    let error = Error::new(format!("no such container: {word}")).with_exit_code(Error::REFUSED);
    Err(error.with_hint(if all.is_empty() {
        "there are none: `lab run -d chapter-11 -- sleep 1d` makes one".to_owned()
    } else {
        format!("there are these: {}", list(&all))
    }))
}

/// The same; `None` if it means none.
///
/// # Errors
/// If it means more than one, or what it means cannot be read.
pub fn look_for(word: &str) -> Result<Option<Known>> {
    let has_name = |it: &Known| it.name.as_deref() == Some(word);
    let named = names::holder(word)?.map_or(Ok(None), |id| known_by_id(&id))?;
    if let Some(named) = named.filter(has_name) {
        return Ok(Some(named));
    }
    let mut meant = known()?;
    meant.retain(|it| !word.is_empty() && it.full_id.starts_with(word));
    if meant.len() > 1 {
        let message = format!("several containers have an id that begins with {word}");
        let error = Error::new(message).with_exit_code(Error::REFUSED);
        return Err(error.with_hint(format!("there are these: {}", list(&meant))));
    }
    if meant.is_empty() {
        // What a later version has written, nobody but that understands.
        let is_meant = |it: &&Entry| !word.is_empty() && it.id.starts_with(word);
        entries()?
            .iter()
            .filter(is_meant)
            .try_for_each(|it| Announcement::look(&it.path()).map(drop))?;
    }
    Ok(meant.pop())
}

fn list(of: &[Known]) -> String {
    in_words(of.iter().map(|it| (&*it.id, it.name.as_deref())))
}

/// `3f9c0a1b2c4d (web), 0b6f4d2c1a3e`
pub(super) fn in_words<'a>(of: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let words = of.map(|(id, name)| match name {
        Some(name) => format!("{id} ({name})"),
        None => id.to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Whether a container is there.
pub(super) fn exists(id: &str) -> bool {
    read(id.to_owned(), super::of(id)).is_some()
}

/// `None` while it is made, or if it is gone meanwhile.
fn read(id: String, dir: PathBuf) -> Option<Known> {
    let it = Announcement::read(&dir)?;
    let is_alive = is_owned(&dir) || matches!(it.lives_on_its_own(), Ok(true));
    let (full_id, stays) = (it.full_id(&id).to_owned(), it.stays());
    // What nobody has, and what does not stay, is about to be swept.
    let Announcement { name, chapter, created, command, process, .. } = it;
    (is_alive || stays).then_some(Known {
        id,
        full_id,
        name,
        chapter,
        created,
        command,
        process,
        is_alive,
        stays,
        dir,
    })
}

/// Whether somebody holds the lock, or may do so: what cannot be looked at is not free.
///
/// A shared one, taken and dropped again, tells an owner from none, and cannot be mistaken for
/// an owner by a sweep at the same moment.
pub fn is_owned(record: &Path) -> bool {
    match open(record) {
        Ok(file) => !matches!(Lock::try_sharing(file), Ok(Some(_))),
        Err(error) => !matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)),
    }
}
