//! Where the records are, and how one is locked.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;

use super::id::is_id;
use super::lock::Lock;
use crate::home::{absolute, home};
use crate::{Result, Step};

/// The directory under which all is that this user's containers leave.
///
/// `$LAB_STATE_DIR` where it is set, else `/var/lib/lab` for root and
/// `~/.local/state/lab` for everybody else.
pub fn directory() -> PathBuf {
    if let Some(dir) = std::env::var_os("LAB_STATE_DIR").filter(|value| !value.is_empty()) {
        // A later cleaning may be started elsewhere.
        return std::path::absolute(&dir).unwrap_or(dir.into());
    }
    if geteuid().is_root() {
        return PathBuf::from("/var/lib/lab");
    }
    let at_home = || home().unwrap_or_else(|_| "/".into()).join(".local/state");
    absolute("XDG_STATE_HOME").unwrap_or_else(at_home).join("lab")
}

/// Makes a directory, and those above it, that nobody but this user can enter.
///
/// Whatever the umask: who can write a record can have processes killed, and in a root
/// there may be set-user-ID programs that a container has made.
///
/// # Errors
/// If it cannot be made; one that is there stays as it is.
pub fn make_private(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Where each of them has its record.
pub fn containers() -> PathBuf {
    directory().join("containers")
}

/// The record of one of them, by its id.
pub fn of(id: &str) -> PathBuf {
    containers().join(id)
}

/// All records.
pub(super) fn entries() -> Result<Vec<Entry>> {
    let mut all = Vec::new();
    // Earlier versions have made theirs right below the state directory.
    for place in [containers(), directory()] {
        match Folder::open(place) {
            Err(error) if error.errno() == Some(Errno::ENOENT) => {}
            folder => all.extend(folder?.entries()?),
        }
    }
    Ok(all)
}

/// A directory in which there are records. It is held open, so that the kernel does not look
/// for it again for each of them.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    dir: File,
}

impl Folder {
    pub fn open(path: PathBuf) -> Result<Rc<Self>> {
        let dir = File::open(&path).step(|| format!("list {}", path.display()))?;
        Ok(Rc::new(Self { path, dir }))
    }

    fn entries(self: Rc<Self>) -> Result<Vec<Entry>> {
        let listing = fs::read_dir(&self.path).step(|| format!("list {}", self.path.display()))?;
        let ids = listing.filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().into_string().ok()?;
            (is_id(&id) && entry.file_type().is_ok_and(|kind| kind.is_dir())).then_some(id)
        });
        Ok(ids.map(|id| Entry { folder: self.clone(), id }).collect())
    }
}

/// One record's directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub folder: Rc<Folder>,
    pub id: String,
}

impl Entry {
    pub fn path(&self) -> PathBuf {
        self.folder.path.join(&self.id)
    }

    /// Locks it; `None` if somebody else holds it or it is already gone.
    pub fn try_lock(&self) -> Result<Option<Lock>> {
        let step = |what| move || format!("{what} {}", self.path().display());
        let file = match openat(&self.folder.dir, &*self.id, RECORD, Mode::empty()) {
            Err(Errno::ENOENT) => return Ok(None),
            file => File::from(file.step(step("open"))?),
        };
        let Some(lock) = Lock::try_on(file).step(step("lock"))? else { return Ok(None) };
        let Ok(ours) = lock.metadata() else { return Ok(None) };
        // What somebody else has put here is not for us to act on. And the lock is on the
        // directory we opened, which may have been removed since.
        let is_there = fs::metadata(self.path())
            .is_ok_and(|theirs| (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()));
        Ok((is_there && ours.uid() == geteuid().as_raw()).then_some(lock))
    }
}

/// How a record's directory is opened, and nothing else.
const RECORD: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Opens a record's directory.
pub(super) fn open(dir: &Path) -> io::Result<File> {
    Ok(File::from(openat(AT_FDCWD, dir, RECORD, Mode::empty())?))
}
