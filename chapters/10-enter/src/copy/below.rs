//! Going about under a directory that is held, and never out of it.
//!
//! The names come from an archive, and the directories are somebody else's, who may put a link
//! in the place of one. So it goes from name to name, each looked up in the directory before
//! it, which is open; as in chapter 3's `descent.rs`, the nearest levels stay so.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FchmodatFlags, Mode, UtimensatFlags, fchmodat, fstat, mkdirat, utimensat};
use nix::sys::time::TimeSpec;
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

/// The levels that are kept open.
const NEAREST: usize = 16;

/// What is done with names that are not there yet, or are links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A tree that we have read ourselves: each directory comes before what is in it, and a
    /// link is no directory.
    Tree,
    /// Anybody's archive. A directory that it does not mention is made; a link is followed as
    /// if the directory that is held were the root of everything.
    Archive,
}

/// A place under the directory.
#[derive(Debug)]
pub struct Below {
    shape: Shape,
    /// The way here; the first one is the directory itself.
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    name: OsString,
    /// Open in the first and in the nearest ones.
    dir: Option<OwnedFd>,
    /// Its device and inode number.
    identity: (u64, u64),
    /// What is left to be done when all in it is made.
    rest: Option<Rest>,
}

/// What changes when something is made in a directory, or keeps it from being made.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// Its permissions.
    pub mode: u32,
    /// When its contents were changed, in seconds since 1970.
    pub mtime: i64,
}

impl Below {
    /// Stands in the directory.
    ///
    /// # Errors
    /// If it cannot be looked at.
    pub fn new(dir: OwnedFd, shape: Shape) -> nix::Result<Self> {
        let top =
            Level { name: OsString::new(), identity: identity(&dir)?, dir: Some(dir), rest: None };
        Ok(Self { shape, levels: vec![top] })
    }

    /// The directory in which we are.
    pub fn here(&self) -> BorrowedFd<'_> {
        let last = self.levels.last().and_then(|level| level.dir.as_ref());
        last.expect("the place where we are is open").as_fd()
    }

    /// Goes to a directory, whose path has plain names only.
    ///
    /// # Errors
    /// If there is none, or the way back is lost.
    pub fn go_to(&mut self, path: &Path) -> Result<()> {
        let step = || format!("open {}", path.display());
        let names: Vec<_> = names(path).collect();
        let levels = self.levels[1..].iter().map(|level| level.name.as_os_str());
        let common = levels.zip(&names).take_while(|(one, other)| one == *other).count();
        while self.levels.len() > common + 1 {
            self.up()?;
        }
        for name in &names[common..] {
            let dir =
                self.open_or_make(name).step(step).map_err(|error| self.explain(error, name))?;
            self.down(name, dir, None).step(step)?;
        }
        Ok(())
    }

    /// Goes into a directory that is in here, and is open. The rest is done at its end.
    ///
    /// # Errors
    /// If it cannot be looked at.
    pub fn down(&mut self, name: &OsStr, dir: OwnedFd, rest: Option<Rest>) -> nix::Result<()> {
        let identity = identity(&dir)?;
        self.levels.push(Level { name: name.to_owned(), dir: Some(dir), identity, rest });
        // The first one stays open in any case.
        if let Some(far) = self.levels.len().checked_sub(NEAREST + 1).filter(|far| *far > 0) {
            self.levels[far].dir = None;
        }
        Ok(())
    }

    /// Opens a directory that is neither here nor on the way, to look something up in it.
    ///
    /// # Errors
    /// If there is none.
    pub fn open_elsewhere(&self, path: &Path) -> nix::Result<OwnedFd> {
        let top = self.levels[0].dir.as_ref().expect("the first level is open");
        let mut dir = openat(top, ".", directory(), Mode::empty())?;
        for name in names(path) {
            dir = openat2(&dir, name, how(ResolveFlag::RESOLVE_NO_SYMLINKS))?;
        }
        Ok(dir)
    }

    /// Is done with everything.
    ///
    /// # Errors
    /// If the way back is lost, or something cannot be set.
    pub fn leave_all(&mut self) -> Result<()> {
        while self.levels.len() > 1 {
            self.up()?;
        }
        Ok(())
    }

    fn up(&mut self) -> Result<()> {
        let Some(Level { name, dir: Some(dir), rest, .. }) = self.levels.pop() else {
            return Ok(());
        };
        let step = || format!("finish the directory {}", name.display());
        if let Some(rest) = rest {
            settle(&dir, rest).step(step)?;
        }
        let Some(above) = self.levels.last_mut() else { return Ok(()) };
        if above.dir.is_none() {
            let opened = openat(&dir, "..", directory(), Mode::empty()).step(step)?;
            // Moved somewhere else meanwhile, it would lead us there.
            if identity(&opened).step(step)? != above.identity {
                return Err(Errno::ESTALE).step(step);
            }
            above.dir = Some(opened);
        }
        Ok(())
    }

    // ANCHOR: step
    fn open_or_make(&self, name: &OsStr) -> nix::Result<OwnedFd> {
        let alone = how(ResolveFlag::RESOLVE_NO_SYMLINKS);
        match openat2(self.here(), name, alone) {
            Err(Errno::ENOENT) if self.shape == Shape::Archive => {
                mkdirat(self.here(), name, Mode::from_bits_truncate(0o755))?;
                openat2(self.here(), name, alone)
            }
            Err(Errno::ELOOP) if self.shape == Shape::Archive => {
                let names = self.levels[1..].iter().map(|level| level.name.as_os_str());
                let path: PathBuf = names.chain([name]).collect();
                let top = self.levels[0].dir.as_ref().expect("the first level is open");
                openat2(top, &path, how(ResolveFlag::RESOLVE_IN_ROOT))
            }
            opened => opened,
        }
    }
    // ANCHOR_END: step

    fn explain(&self, error: Error, name: &OsStr) -> Error {
        let name = name.display();
        match (error.errno(), self.shape) {
            (Some(Errno::ELOOP), Shape::Tree) => {
                error.with_hint(format!("{name} has become a link since it was copied"))
            }
            (Some(Errno::ENOENT), Shape::Archive) => {
                error.with_hint(format!("{name} is a link that leads to nothing in there"))
            }
            _ => error,
        }
    }
}

/// Sets what is known of a directory by any descriptor: by the path that means it.
fn settle(dir: &OwnedFd, rest: Rest) -> nix::Result<()> {
    let path = format!("/proc/self/fd/{}", dir.as_raw_fd());
    let mode = Mode::from_bits_truncate(rest.mode);
    fchmodat(AT_FDCWD, path.as_str(), mode, FchmodatFlags::FollowSymlink)?;
    let time = TimeSpec::new(rest.mtime, 0);
    utimensat(AT_FDCWD, path.as_str(), &time, &time, UtimensatFlags::FollowSymlink)
}

fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    })
}

fn directory() -> OFlag {
    OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC
}

fn how(resolve: ResolveFlag) -> OpenHow {
    OpenHow::new().flags(directory()).resolve(resolve)
}

fn identity(dir: &OwnedFd) -> nix::Result<(u64, u64)> {
    fstat(dir).map(|stat| (stat.st_dev, stat.st_ino))
}
