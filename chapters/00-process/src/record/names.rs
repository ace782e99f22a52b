//! What people call containers: each name is one container's at a time.
//!
//! ```text
//! /var/lib/lab/names/web → 3f9c0a1b2c4d
//! ```
//!
//! So who is meant by a name is told by readlink(2), however many containers there are. The
//! link of one that was killed is in nobody's way.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::directory::{directory, make_private};
use super::id::is_id;
use super::lock::Lock;
use super::running::has_owner;
use crate::{Error, Result, Step};

/// The id of who was given this name last. Any word may be asked for, even `..`.
///
/// # Errors
/// If the kernel does not say.
pub(super) fn holder(name: &str) -> Result<Option<String>> {
    match fs::read_link(link(name)).map_err(|error| (error.raw_os_error(), error)) {
        // Nobody has it, or it is no word that anybody could have.
        Err((Some(libc::ENOENT | libc::EINVAL | libc::ENOTDIR | libc::ENAMETOOLONG) | None, _)) => {
            Ok(None)
        }
        Err((_, error)) => Err(error).step(|| format!("read {}", link(name).display())),
        Ok(id) => Ok(id.into_os_string().into_string().ok().filter(|id| is_id(id))),
    }
}

/// Refuses a name that a container has.
pub(crate) fn check_is_free(name: &str) -> Result<()> {
    match holder(name)?.filter(|id| has_owner(id)) {
        None => Ok(()),
        Some(id) => Err(Error::new(format!("the name {name} is in use by container {id}"))),
    }
}

/// Gives a container its name. Its record has it already, by which whoever sweeps that knows
/// what to free.
///
/// # Errors
/// If another one has it.
pub(super) fn take(name: &str, id: &str) -> Result<()> {
    let names = place();
    make_private(&names).step(|| format!("create {}", names.display()))?;
    // Between our look and our word, nobody else may take it.
    let _turn = lock()?;
    check_is_free(name)?;
    remove(name)?;
    symlink(id, link(name)).step(|| format!("create {}", link(name).display()))
}

/// Takes a container's name away, if it still has it.
///
/// # Errors
/// If it cannot be removed.
pub(super) fn free(name: &str, id: &str) -> Result<()> {
    let _turn = lock()?;
    if holder(name)?.as_deref() == Some(id) { remove(name) } else { Ok(()) }
}

fn place() -> PathBuf {
    directory().join("names")
}

fn link(name: &str) -> PathBuf {
    place().join(name)
}

fn remove(name: &str) -> Result<()> {
    match fs::remove_file(link(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.step(|| format!("remove {}", link(name).display())),
    }
}

/// Until it is dropped, no name changes hands.
fn lock() -> Result<Lock> {
    let root = directory();
    let step = || format!("lock {}", root.display());
    Lock::wait_for(File::open(&root).step(step)?).step(step)
}
