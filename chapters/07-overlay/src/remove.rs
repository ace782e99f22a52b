//! Removing a tree that a container wrote, and nothing else.
//!
//! A bind mount that is still there makes somebody's files look like ours, and a
//! recursive delete does not notice. So first we ask the kernel whether anything is
//! mounted below, and refuse if so. And the tree may be of any depth: hence a walk in
//! single steps, see chapter 3, rather than a recursion.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mount_ns::{Descent, Visitor, mount_table};
use nix::errno::Errno;
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};
use process::{Error, Result, Step};

// ANCHOR: refuse
/// Removes `dir` and everything in it; one that does not exist is fine.
///
/// # Errors
/// If something is mounted on it or below it, or cannot be removed. All else is.
pub fn remove_tree(dir: &Path) -> Result<()> {
    refuse_mounts(dir)?;
    let top = match Descent::from(dir) {
        Err(Errno::ENOENT) => return Ok(()),
        top => top.step(|| format!("remove {}", dir.display()))?,
    };
    let mut removal = Removal { dir, failed: None, more: 0 };
    let walked = top.walk(&mut removal).step(|| format!("remove {}", dir.display()));
    removal.result().and(walked)?;
    fs::remove_dir(dir).step(|| format!("remove {}", dir.display()))
}
// ANCHOR_END: refuse

/// A removal under way, which goes on after a failure.
struct Removal<'a> {
    dir: &'a Path,
    /// The first entry that could not be removed.
    failed: Option<(PathBuf, Errno)>,
    /// How many others.
    more: usize,
}

impl Visitor for Removal<'_> {
    /// Removes all but the directories. Links are removed, never followed.
    fn enter(&mut self, place: &mut Descent) -> Vec<OsString> {
        let entries = place.entries().unwrap_or_else(|errno| {
            self.fail(place, OsStr::new("."), errno);
            Vec::new()
        });
        let mut dirs = Vec::new();
        for (name, is_dir) in entries {
            if !is_dir {
                self.remove(place, &name, UnlinkatFlags::NoRemoveDir);
                continue;
            }
            if !geteuid().is_root() {
                // A directory may be closed to its own owner, but not against this.
                let open = Mode::from_bits_truncate(0o700);
                let _ = fchmodat(place.here(), &*name, open, FchmodatFlags::FollowSymlink);
            }
            dirs.push(name);
        }
        dirs
    }

    fn leave(&mut self, above: &Descent, name: &OsStr) {
        self.remove(above, name, UnlinkatFlags::RemoveDir);
    }

    fn miss(&mut self, above: &Descent, name: &OsStr, errno: Errno) {
        self.fail(above, name, errno);
    }
}

impl Removal<'_> {
    fn remove(&mut self, place: &Descent, name: &OsStr, how: UnlinkatFlags) {
        match unlinkat(place.here(), name, how) {
            Ok(()) | Err(Errno::ENOENT) => {}
            // The reader has been told already what is still in there.
            Err(Errno::ENOTEMPTY) if self.failed.is_some() => {}
            Err(errno) => self.fail(place, name, errno),
        }
    }

    fn fail(&mut self, place: &Descent, name: &OsStr, errno: Errno) {
        match self.failed {
            None => self.failed = Some((place.path().join(name), errno)),
            Some(_) => self.more += 1,
        }
    }

    fn result(&self) -> Result<()> {
        let Some((path, errno)) = &self.failed else { return Ok(()) };
        // Of a path that fills a screen, the two ends tell most.
        let path = if path.as_os_str().len() > 200 {
            self.dir.join("…").join(path.file_name().unwrap_or_default())
        } else {
            self.dir.join(path)
        };
        let others = match self.more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let error = Error::from_errno(format!("remove {}{others}", path.display()), *errno);
        Err(match errno {
            Errno::EPERM => {
                error.with_hint(format!("it may be immutable: chattr -R -i {}", self.dir.display()))
            }
            _ => error,
        })
    }
}

/// Fails if anything is mounted on `dir` or below it, in this mount namespace.
///
/// # Errors
/// If so, or if the kernel does not tell.
pub fn refuse_mounts(dir: &Path) -> Result<()> {
    let step = || format!("remove {}", dir.display());
    let real = match dir.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        real => real.step(step)?,
    };
    let table = mount_table()?.into_iter().map(|mount| mount.target);
    // The last one mounted may lie on or in an earlier one.
    let below = table.rev().filter(|target| target.starts_with(&real));
    let mounts: Vec<_> = below.map(|target| target.display().to_string()).collect();
    match mounts.last() {
        None => Ok(()),
        Some(mount) => Err(Error::new(format!("{}: {mount} is mounted there", step()))
            .with_hint(format!("end what uses it, then: umount {}", mounts.join(" ")))),
    }
}
