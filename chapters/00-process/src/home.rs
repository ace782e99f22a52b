//! A directory of this user's own.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use crate::{Error, Result, Step};

/// A variable's path. "If an implementation encounters a relative path […] it should consider
/// the path invalid and ignore it": the XDG Base Directory Specification.
pub fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|dir| dir.is_absolute())
}

/// Where this user may keep something: `$HOME`, or what the host knows for their home. In a
/// container with a number for a user there may be neither; then it is `$XDG_RUNTIME_DIR`,
/// or else a directory below /tmp.
///
/// Under sudo, HOME may still be the caller's: root's files there would lock that user
/// out of their own home. So a directory is ours only if it belongs to us.
///
/// # Errors
/// If somebody else has the one below /tmp.
pub fn home() -> Result<PathBuf> {
    let known = || User::from_uid(geteuid()).ok().flatten().map(|user| user.dir);
    let ours = |dir: Option<PathBuf>| dir.filter(|dir| is_ours(dir));
    ours(absolute("HOME"))
        .or_else(|| ours(known()))
        .or_else(|| ours(absolute("XDG_RUNTIME_DIR")))
        .map_or_else(below_tmp, Ok)
}

/// Whether `dir`, or the directory that it would be made in, belongs to us.
pub fn is_ours(dir: &Path) -> bool {
    let existing = dir.ancestors().find_map(|dir| dir.metadata().ok());
    existing.is_some_and(|metadata| metadata.uid() == geteuid().as_raw())
}

/// Everybody may write to /tmp, and so take the name before us, or put a link there.
fn below_tmp() -> Result<PathBuf> {
    let dir = PathBuf::from(format!("/tmp/lab-{}", geteuid()));
    let found = match fs::symlink_metadata(&dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(dir),
        found => found.step(|| format!("look at {}", dir.display()))?,
    };
    let is_ours_alone = found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0;
    if found.is_dir() && is_ours_alone {
        Ok(dir)
    } else {
        Err(Error::new(format!("this user has no home: {} is not theirs", dir.display()))
            .with_hint("set HOME to a directory of your own"))
    }
}
