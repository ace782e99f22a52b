//! Removing a root without removing anything else.
//!
//! A root is a place where people mount things: in chapter 2 a `mount -t proc` made in
//! the container lands in the host's own table, and a bind mount of somebody's files
//! looks like any directory to a recursive delete. So: nothing is removed below which
//! something is mounted, or in which a process still lives.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use process::record::Lock;
use process::{Error, Result, Step};

use super::cache::Cache;
use super::discard::discard;

/// Removes a root that a process might live in: first from sight, so that no new one
/// moves in, then for good.
///
/// What cannot be removed is out of the way then, and is one of the [`leftovers`].
///
/// # Errors
/// If it is in use, or something is mounted in it.
pub fn retire(cache: &Cache, dir: &Path, lock: &Lock) -> Result<()> {
    if let Some(pid) = users(dir).first() {
        let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
        let name = String::from_utf8_lossy(name.trim_ascii());
        let error = format!("remove {}: process {pid} ({name}) uses it", dir.display());
        return Err(Error::new(error).with_hint("end that container first"));
    }
    // With a mount in it, it has to stay where people find it.
    overlay::refuse_mounts(dir)?;
    // Where one could not be removed earlier, the next takes the next name.
    let names = (0..).map(|number| cache.path(&format!("retired.{number}")));
    let retired = names.into_iter().find(|path| path.symlink_metadata().is_err());
    let retired = retired.expect("there are more names than files");
    match fs::rename(dir, &retired) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed.step(|| format!("set {} aside", dir.display()))?,
    }
    let _ = discard(&retired, lock);
    Ok(())
}

/// Removes what a killed `lab` has left unfinished, and images that are not the newest
/// any more and that nobody uses. One line for each.
pub fn leftovers(cache: &Cache, lock: &Lock) -> Vec<String> {
    let mut lines = Vec::new();
    let mut note = |dir: &Path, result: Result<()>| match result {
        Ok(()) => lines.push(format!("removed {}", dir.display())),
        Err(error) => lines.push(format!("kept {}: {error}", dir.display())),
    };
    let newest = cache.newest();
    for dir in cache.images() {
        if !newest.iter().any(|name| dir.ends_with(name)) {
            note(&dir, retire(cache, &dir, lock));
        }
    }
    for dir in cache.unfinished() {
        note(&dir, discard(&dir, lock));
    }
    lines
}

/// The processes whose root is the one in `dir`, or is an overlay on top of it.
///
/// Of another user's processes we may see neither, but this user's cache is used by
/// this user and by root.
fn users(dir: &Path) -> Vec<u32> {
    let identity = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino())).ok();
    let root = identity(&dir.join("root"));
    let name = dir.file_name().unwrap_or_default().as_bytes();
    let is_user = |pid: &u32| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let is_root = root.is_some() && identity(&process.join("root")) == root;
        // An image's name is found nowhere else, however its path was given to mount.
        let is_layer = || {
            let table = fs::read(process.join("mountinfo")).unwrap_or_default();
            name.len() == 16 && table.windows(name.len()).any(|bytes| bytes == name)
        };
        is_root || is_layer()
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_user).collect()
}
