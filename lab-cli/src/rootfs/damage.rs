//! Whether a working root still is a root: a look at every name it was made with.
//!
//! What a learner adds is welcome, and settings are there to be edited. But a program,
//! library or directory that is gone or changed makes commands fail in ways that look
//! like faults of the runtime, so a run says it beforehand.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use nix::fcntl::AtFlags;
use nix::libc::{S_IFDIR, S_IFLNK, S_IFMT, S_IFREG};
use nix::sys::stat::{FileStat, fstatat};
use process::{Result, Step};

use super::image::Image;

/// How many names a message tells.
const NAMES: usize = 2;

/// What is wrong with an image or working root, in words; `None` if all is well.
///
/// # Errors
/// If it cannot be looked at.
pub fn of(image: &Image) -> Result<Option<String>> {
    let list = match fs::read(image.files()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some("its list of files is missing".to_owned()));
        }
        list => list.step(|| format!("read {}", image.files().display()))?,
    };
    let root = match File::open(image.root()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some("its directory is missing".to_owned()));
        }
        root => root.step(|| format!("open {}", image.root().display()))?,
    };
    let (mut missing, mut changed) = (Vec::new(), Vec::new());
    for line in list.split(|&byte| byte == b'\n') {
        let Some(expected) = Expected::parse(line) else { continue };
        // The look does not leave the root: a link at the end is not followed, and the
        // directories before it are those that the links of the tree lead to.
        match fstatat(root.as_fd(), expected.path, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(found) if expected.is_met_by(&found) => {}
            Ok(_) => changed.push(expected.path),
            Err(_) => missing.push(expected.path),
        }
    }
    let parts = [tell(&missing, "missing"), tell(&changed, "changed")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    Ok((!parts.is_empty()).then(|| parts.join(", ")))
}

/// A line of the list.
struct Expected<'a> {
    kind: &'a [u8],
    mode: u32,
    size: i64,
    path: &'a OsStr,
}

impl<'a> Expected<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.splitn(4, |&byte| byte == b' ');
        let kind = fields.next()?;
        let mode = u32::from_str_radix(std::str::from_utf8(fields.next()?).ok()?, 8).ok()?;
        let size = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        Some(Self { kind, mode, size, path: OsStr::from_bytes(fields.next()?) })
    }

    fn is_met_by(&self, found: &FileStat) -> bool {
        let (kind, mode) = (found.st_mode & S_IFMT, found.st_mode & 0o777);
        match self.kind {
            b"file" => kind == S_IFREG && mode == self.mode && found.st_size == self.size,
            b"link" => kind == S_IFLNK && found.st_size == self.size,
            b"directory" => kind == S_IFDIR,
            _ => true,
        }
    }
}

/// `3 missing (bin/sh, bin/ls, …)`
fn tell(names: &[&OsStr], what: &str) -> Option<String> {
    let told: Vec<_> = names.iter().take(NAMES).map(|name| name.to_string_lossy()).collect();
    let more = if names.len() > NAMES { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("{} {what} ({}{more})", names.len(), told.join(", ")))
}
