//! A container's record on the host: what must be removed if nobody is left to do it.
//!
//! Most of what a container is made of, the kernel frees when its last process
//! ends. The rest (a cgroup, an address, a packet filter table, a writable layer)
//! outlives a runtime that is killed with SIGKILL. So before such a thing is made,
//! it is written down here, and whoever comes next can remove it:
//!
//! ```text
//! /var/lib/lab/                     the state directory, or $LAB_STATE_DIR
//! ├── containers/
//! │   └── 3f9c0a1b2c4d/             one directory a container, named by its id
//! │       ├── container.json        process, chapter, command, what was asked for
//! │       ├── hosts, hostname …     what its /etc shows (chapter 4)
//! │       ├── cgroup                one record a leftover, made *before* the thing
//! │       └── network
//! ├── names/web                     a link to who has the name
//! └── guests/                       who has joined another one
//! ```
//!
//! The directory is also a lock: the container's runtime holds a [`Lock`] on it, which the
//! kernel lets go of at the runtime's death. A directory that can be locked is therefore
//! abandoned, unless its container belongs to itself and lives.

pub mod orphan;

mod announcement;
mod directory;
mod guests;
mod id;
mod identity;
mod kept;
mod known;
mod lock;
mod names;
mod resolved;
mod running;

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub use directory::{containers, directory, make_private, of};
pub use guests::guests;
pub use identity::Identity;
pub use known::{Known, find_known, is_owned, known, known_by_id, look_for, unreadable};
pub use lock::Lock;
pub use resolved::{Recorded, Resolved};
pub use running::{Running, find, running, with_id};

use serde::Serialize;

use crate::{Command, Error, Process, Result, Step, plain_file};
use announcement::{Announcement, CONTAINER, OLD, UNFINISHED};
use directory::{Entry, Folder, entries};
pub(crate) use names::check_is_free;

/// The name of the door of a container that lives on its own: a socket in its record.
pub const DOOR: &str = "door";

/// What is in a record beside leftovers; the last three are what the container's /etc shows.
const OURS: [&str; 7] = [CONTAINER, UNFINISHED, OLD, DOOR, "hosts", "hostname", "resolv.conf"];

/// As many digits of an id are shown.
const SHORT: usize = 12;

/// One container's record, locked for as long as this value lives.
///
/// Dropping it removes the record, unless a leftover is still written down in it.
#[must_use = "dropping the state gives the container's id back"]
#[derive(Debug)]
pub struct State {
    /// Of our own, all its 64 digits.
    id: String,
    name: Option<String>,
    dir: PathBuf,
    /// A later version's is not for us to remove, nor one that we have left.
    is_ours: bool,
    /// It is not removed when the container has ended.
    stays: bool,
    lock: Lock,
}

impl State {
    /// Takes a new id and writes down that it is ours.
    pub fn create() -> Result<Self> {
        let root = containers();
        // The writer of a record decides what root removes.
        make_private(&root).step(|| format!("create {}", root.display())).map_err(|error| {
            error.with_hint("LAB_STATE_DIR names another directory for records")
        })?;
        let folder = Folder::open(root)?;
        loop {
            let id = id::random()?;
            let entry = Entry { folder: folder.clone(), id: id[..SHORT].to_owned() };
            let dir = entry.path();
            match DirBuilder::new().mode(0o700).create(&dir) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made.step(|| format!("create {}", dir.display()))?,
            }
            // Between the two steps the directory looks abandoned and may be swept
            // away; then there is nothing to lock, and we take another id.
            if let Some(lock) = entry.try_lock()? {
                return Ok(Self { id, name: None, dir, is_ours: true, stays: false, lock });
            }
        }
    }

    /// Every record whose owner has died, locked by us now. Where it is not known whether
    /// it has, the record is among them, so that a sweep tells.
    ///
    /// # Errors
    /// If the state directory cannot be read; one that does not exist is empty.
    pub fn abandoned() -> Result<Vec<Self>> {
        let mut abandoned = Vec::new();
        for entry in entries()? {
            let Some(lock) = entry.try_lock()? else { continue };
            let (id, dir) = (entry.id.clone(), entry.path());
            let looked = Announcement::look(&dir);
            let checked = looked.as_ref().map(|it| Announcement::is_abandoned(it.as_ref()));
            if !matches!(checked, Ok(Ok(false))) {
                let is_ours = matches!(checked, Ok(Ok(_)));
                let name = Announcement::name(&dir);
                // Where nobody knows, nothing is removed that could be wanted.
                let stays = looked.map_or(true, |it| it.is_some_and(|it| it.stays()));
                abandoned.push(Self { id, name, dir, is_ours, stays, lock });
            }
        }
        Ok(abandoned)
    }

    /// The container's id: twelve hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id[..SHORT]
    }

    /// All 64 digits of it, if they are known.
    pub fn full_id(&self) -> &str {
        &self.id
    }

    /// The container's own directory, for files that live as long as it does.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes down who runs in the container, so that others can find it by name, and what it
    /// was asked to be.
    ///
    /// # Errors
    /// If another one has the name.
    pub(crate) fn announce(&mut self, chapter: &str, first: &Process, it: Resolved) -> Result<()> {
        let process = Identity::of(first.pid().as_raw())?;
        if first.is_guest() {
            guests::add(self.id())?;
        }
        if self.dir.join(CONTAINER).exists() {
            return self.change("process", process); // one that was made before it was started
        }
        self.write_down(chapter, Some(process), it)
    }

    fn write_down(&mut self, chapter: &str, process: Option<Identity>, it: Resolved) -> Result<()> {
        let (Command { name, argv, .. }, values) = it.values()?;
        self.name = name.clone();
        let it = Announcement::new(&self.id, name, chapter, process, argv).with(values);
        let text = serde_json::to_vec(&it).map_err(io::Error::from);
        let text = text.step(|| format!("write {}", self.dir.join(CONTAINER).display()))?;
        // By this, whoever sweeps knows the name; who looks for the container has to wait.
        self.record(UNFINISHED, text)?;
        self.name.as_ref().map_or(Ok(()), |name| names::take(name, self.id()))?;
        self.finish()
    }

    /// Writes down one value of it anew.
    fn change(&self, key: &str, value: impl Serialize) -> Result<()> {
        self.record(UNFINISHED, Announcement::but_for(&self.dir, key, value)?)?;
        self.finish()
    }

    /// Whoever reads it meanwhile sees what was there before, or all of the new.
    fn finish(&self) -> Result<()> {
        let (new, place) = (self.dir.join(UNFINISHED), self.dir.join(CONTAINER));
        fs::rename(new, &place).step(|| format!("write {}", place.display()))
    }

    /// Whether something is written down that has to be removed.
    pub fn has_leftovers(&self) -> bool {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| OURS.iter().all(|ours| entry.file_name() != *ours))
    }

    /// Writes down a leftover-to-be, before it is made. `kind` is a file name.
    ///
    /// # Errors
    /// If it cannot be written, or is more than will be read again: nobody could find the
    /// container then, nor clean up after it.
    pub fn record(&self, kind: &str, what: impl AsRef<[u8]>) -> Result<()> {
        let path = self.dir.join(kind);
        let step = || format!("write {}", path.display());
        if what.as_ref().len() as u64 > plain_file::LARGEST {
            return Err(Error::new(format!("{}: it would be larger than 1 MiB", step()))
                .with_hint(
                    "what was asked of the container is in there, with its profile and environment",
                ));
        }
        let options = &mut File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&path).and_then(|mut file| file.write_all(what.as_ref())).step(step)
    }

    /// What was written down under `kind`; `None` if nothing was.
    pub fn recorded(&self, kind: &str) -> Result<Option<Vec<u8>>> {
        let path = self.dir.join(kind);
        match plain_file::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => text.map(Some).step(|| format!("read {}", path.display())),
        }
    }

    /// Strikes out a record, after the thing itself is gone.
    pub fn forget(&self, kind: &str) -> Result<()> {
        let path = self.dir.join(kind);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.step(|| format!("remove {}", path.display())),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let is_freed = |name: &String| names::free(name, self.id()).is_ok();
        if !self.is_ours || self.stays || !self.name.iter().all(is_freed) {
            return;
        }
        guests::remove(self.id());
        for ours in OURS {
            let _ = self.forget(ours);
        }
        // Not recursive on purpose: a directory that still holds a record stays,
        // and the next sweep tries again.
        let _ = fs::remove_dir(&self.dir);
    }
}
