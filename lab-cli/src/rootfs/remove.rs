//! Removing a root without removing anything else.
//!
//! A root is a place where people mount things: in chapter 2 a `mount -t proc` made in
//! the container lands in the host's own table, and a bind mount of somebody's files
//! looks like any directory to a recursive delete. So: nothing is removed below which
//! something is mounted, or in which a process still lives.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};

use super::cache::{Cache, Lock};

/// Removes a directory of the cache with all that is in it; nothing is fine too.
///
/// # Errors
/// If something is mounted in there, or a file cannot be removed.
pub fn discard(dir: &Path, _lock: &Lock) -> Result<()> {
    refuse_mounts(dir)?;
    // Follows no link, and stays in the directories that it has opened; see std.
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.step(|| format!("remove {}", dir.display())),
    }
}

/// Removes a root that a process might live in: first from sight, so that no new one
/// moves in, then for good.
///
/// # Errors
/// If it is in use, or as for [`discard`].
pub fn retire(cache: &Cache, dir: &Path, lock: &Lock) -> Result<()> {
    if let Some(pid) = users(dir).first() {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let error = format!("remove {}: process {pid} ({}) uses it", dir.display(), name.trim());
        return Err(Error::new(error).hint("end that container first"));
    }
    // With a mount in it, it has to stay where people find it.
    refuse_mounts(dir)?;
    let retired = cache.path("retired");
    discard(&retired, lock)?;
    match fs::rename(dir, &retired) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed.step(|| format!("set {} aside", dir.display()))?,
    }
    discard(&retired, lock)
}

/// Fails if something is mounted in `dir`, as far as this mount namespace knows.
fn refuse_mounts(dir: &Path) -> Result<()> {
    let step = || format!("remove {}", dir.display());
    let real = match dir.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        real => real.step(step)?,
    };
    let mounts = mounts_below(&real)?;
    if mounts.is_empty() {
        return Ok(());
    }
    // The last one mounted may lie on or in an earlier one.
    let list: Vec<_> = mounts.iter().rev().map(|path| path.display().to_string()).collect();
    Err(Error::new(format!("{}: something is mounted in it", step()))
        .hint(format!("end what uses it, then: umount {}", list.join(" "))))
}

/// Removes what a killed `lab` has left unfinished, and images that are not the newest
/// any more and that nobody uses. One line for each.
pub fn leftovers(cache: &Cache, lock: &Lock) -> Vec<String> {
    let mut lines = Vec::new();
    let mut note = |dir: &Path, result: Result<()>| match result {
        Ok(()) => lines.push(format!("removed {}", dir.display())),
        Err(error) => lines.push(format!("kept {}: {error}", dir.display())),
    };
    for dir in ["unfinished", "retired"].map(|name| cache.path(name)) {
        if dir.exists() {
            note(&dir, discard(&dir, lock));
        }
    }
    let newest = cache.newest();
    for dir in cache.images() {
        if !newest.iter().any(|name| dir.ends_with(name)) {
            note(&dir, retire(cache, &dir, lock));
        }
    }
    lines
}

/// The mount points in or at `dir` in this process's own table, the outer ones first.
fn mounts_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let table = "/proc/self/mountinfo";
    let text = fs::read(table).step(|| format!("read {table}"))?;
    let points = text.split(|&byte| byte == b'\n').filter_map(|line| {
        // id, parent, device, root of the mount, mount point, …; proc_pid_mountinfo(5)
        let point = line.split(|&byte| byte == b' ').nth(4)?;
        Some(PathBuf::from(unescape(point)))
    });
    Ok(points.filter(|point| point.starts_with(dir)).collect())
}

/// The kernel writes a space, tab, newline or backslash of a path as `\` and three
/// octal digits.
fn unescape(mut field: &[u8]) -> OsString {
    let mut path = Vec::with_capacity(field.len());
    while let Some((&byte, rest)) = field.split_first() {
        let code = rest.get(..3).filter(|_| byte == b'\\');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(escaped) => (path.push(escaped), field = &rest[3..]),
            None => (path.push(byte), field = rest),
        };
    }
    OsString::from_vec(path)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_mount_points_are_read_back() {
        assert_eq!(unescape(br"/a\040b\134c"), r"/a b\c");
        assert_eq!(unescape(br"/a\04"), r"/a\04");
    }

    #[test]
    fn the_hosts_mounts_are_below_its_root() {
        let mounts = mounts_below(Path::new("/")).unwrap();
        assert!(mounts.contains(&"/proc".into()), "{mounts:?}");
        assert!(mounts_below(Path::new("/proc/self/task")).unwrap().is_empty());
    }
}
