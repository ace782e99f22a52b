//! One file, made under a name that nobody has, with all that is told of it.
//!
//! Those inside can swap a name for another one at any moment. What was made is therefore
//! changed by its descriptor only: to give a file away by its name could give theirs.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{
    Mode, SFlag, UtimensatFlags, fchmod, fstat, futimens, mkdirat, mknodat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, fchownat, symlinkat};
use process::{Result, Step};
use serde::{Deserialize, Serialize};

use super::archive::{Entry, Kind, Reader};
use super::ground::kind_of;
use crate::sys;

/// Who owns what is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owners {
    /// Whoever copies it out of a container. The container must not decide what it may do then:
    /// it becomes no device, and loses the bits and capabilities by which a program gets power.
    Caller,
    /// The root of the container that it is copied into.
    Root,
    /// Who owns the source, by their number there. It keeps what it may do.
    Source,
}

/// A file that is not there yet.
#[derive(Debug)]
pub struct New<'a> {
    /// The directory that it will be in.
    pub here: BorrowedFd<'a>,
    /// Its name.
    pub name: &'a OsStr,
    /// What it shall be.
    pub entry: &'a Entry,
    /// Who shall own it.
    pub owners: Owners,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// All that was told.
    Whole,
    /// The file, but not this of it.
    Partly(&'static str),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

impl New<'_> {
    /// Makes a file, and reads its contents.
    pub fn file(&self, archive: &mut Reader<impl Read>) -> Result<Made> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let private = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = openat(self.here, self.name, flags | OFlag::O_CLOEXEC, private);
        let file = File::from(file.step(|| self.step("make"))?);
        self.fill(&file, archive)?;
        // A new owner takes the bits and the capabilities away, and comes first.
        self.give(file.as_fd())?;
        fchmod(&file, Mode::from_bits_truncate(self.mode()))
            .step(|| self.step("set the mode of"))?;
        let capability = self.entry.capability.as_ref();
        let made = match capability.filter(|_| self.owners != Owners::Caller) {
            Some(value) if sys::set_capability(&file, value).is_err() => {
                Made::Partly("its capabilities are not copied")
            }
            _ => Made::Whole,
        };
        let time = self.time();
        futimens(&file, &time, &time).step(|| self.step("set the time of"))?;
        Ok(made)
    }

    /// Writes the contents, but nothing of what is all zeros: where nothing is written, a file
    /// has a hole, which reads the same and takes no room.
    pub fn fill(&self, file: &File, archive: &mut Reader<impl Read>) -> Result<()> {
        let step = || self.step("write");
        let mut buffer = vec![0; 1 << 16];
        let mut at = 0;
        loop {
            let length = archive.read(&mut buffer)?;
            if length == 0 {
                return file.set_len(self.entry.size).step(step);
            }
            if buffer[..length].iter().any(|byte| *byte != 0) {
                file.write_all_at(&buffer[..length], at).step(step)?;
            }
            at += length as u64;
        }
    }

    /// Makes a directory that is closed to others, until all in it is made.
    pub fn directory(&self) -> Result<OwnedFd> {
        mkdirat(self.here, self.name, Mode::S_IRWXU).step(|| self.step("make the directory"))?;
        self.open(SFlag::S_IFDIR)
    }

    /// Makes a symbolic link.
    pub fn link(&self, target: &OsStr) -> Result<()> {
        symlinkat(target, self.here, self.name).step(|| self.step("make the link"))?;
        self.own(SFlag::S_IFLNK)
    }

    /// Makes a named pipe.
    pub fn fifo(&self) -> Result<()> {
        let mode = Mode::from_bits_truncate(self.mode());
        mknodat(self.here, self.name, SFlag::S_IFIFO, mode, 0)
            .step(|| self.step("make the pipe"))?;
        self.own(SFlag::S_IFIFO)
    }

    /// Makes a device, where that is allowed.
    pub fn device(&self, kind: SFlag, number: u64) -> Result<Made> {
        if self.owners == Owners::Caller {
            return Ok(Made::Nothing("a device comes out of a container with -a only"));
        }
        let mode = Mode::from_bits_truncate(self.mode());
        match mknodat(self.here, self.name, kind, mode, number) {
            // The root of a user namespace may not, user_namespaces(7).
            Err(Errno::EPERM) => Ok(Made::Nothing("a device cannot be made here")),
            made => {
                made.step(|| self.step("make the device"))?;
                self.own(kind).map(|()| Made::Whole)
            }
        }
    }

    /// Gives a file to its owner.
    pub fn give(&self, file: BorrowedFd<'_>) -> Result<()> {
        let (uid, gid) = match self.owners {
            Owners::Caller => return Ok(()),
            Owners::Root => (0, 0),
            Owners::Source => (self.entry.uid, self.entry.gid),
        };
        let step = || format!("{} to user {uid} and group {gid}", self.step("give"));
        let (user, group) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
        let given = fchownat(file, "", user, group, AtFlags::AT_EMPTY_PATH).step(step);
        given.map_err(|error| match error.errno() {
            Some(Errno::EINVAL) => {
                error.with_hint("this user namespace has no such user: chapter 8")
            }
            Some(Errno::EPERM) => error.with_hint("only root can keep owners: leave -a out"),
            _ => error,
        })
    }

    /// The permissions that it gets.
    pub fn mode(&self) -> u32 {
        let is_program = self.entry.kind != Kind::Directory;
        let taken = if is_program && self.owners == Owners::Caller { 0o6000 } else { 0 };
        self.entry.mode & !taken
    }

    /// What cannot be opened but by O_PATH gets its owner and its age.
    fn own(&self, kind: SFlag) -> Result<()> {
        self.give(self.open(kind)?.as_fd())?;
        let (time, link) = (self.time(), UtimensatFlags::NoFollowSymlink);
        utimensat(self.here, self.name, &time, &time, link).step(|| self.step("set the time of"))
    }

    /// Opens what was made, and nothing else that has its name by now.
    fn open(&self, kind: SFlag) -> Result<OwnedFd> {
        let step = || self.step("open");
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let made = openat(self.here, self.name, flags, Mode::empty()).step(step)?;
        if kind_of(&fstat(&made).step(step)?) == kind {
            Ok(made)
        } else {
            Err(Errno::ESTALE).step(step)
        }
    }

    fn time(&self) -> TimeSpec {
        TimeSpec::new(self.entry.mtime, 0)
    }

    fn step(&self, what: &str) -> String {
        format!("{what} {}", self.entry.name.display())
    }
}
