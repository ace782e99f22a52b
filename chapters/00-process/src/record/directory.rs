//! Where the records are, and how one is locked.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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

/// The ids and directories of all records.
pub(super) fn entries() -> Result<Vec<(String, PathBuf)>> {
    // Earlier versions have made theirs right below the state directory.
    let mut all = entries_of(&containers())?;
    all.extend(entries_of(&directory())?);
    Ok(all)
}

fn entries_of(place: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listing = match fs::read_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.step(|| format!("list {}", place.display()))?,
    };
    Ok(listing
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().into_string().ok()?;
            let is_record = is_id(&id) && entry.file_type().is_ok_and(|kind| kind.is_dir());
            is_record.then(|| (id, entry.path()))
        })
        .collect())
}

/// Until it is dropped, no other container gets a name.
pub(super) fn lock_names() -> Result<Lock> {
    let root = directory();
    let step = || format!("lock {}", root.display());
    Lock::wait_for(File::open(&root).step(step)?).step(step)
}

/// Opens a record's directory, and nothing else.
pub(super) fn open(dir: &Path) -> io::Result<File> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    File::options().read(true).custom_flags(flags).open(dir)
}

/// Locks a record's directory; `None` if somebody else holds it or it is already gone.
pub(super) fn try_lock(dir: &Path) -> Result<Option<Lock>> {
    let file = match open(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.step(|| format!("open {}", dir.display()))?,
    };
    // What somebody else has put here is not for us to act on.
    if file.metadata().is_ok_and(|found| found.uid() != geteuid().as_raw()) {
        return Ok(None);
    }
    let lock = Lock::try_on(file).step(|| format!("lock {}", dir.display()))?;
    let Some(lock) = lock else { return Ok(None) };
    // The lock is on the directory we opened, which may have been removed since.
    let is_there = match (lock.metadata(), fs::metadata(dir)) {
        (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
        _ => false,
    };
    Ok(is_there.then_some(lock))
}
