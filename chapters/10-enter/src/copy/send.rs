//! A file or a tree becomes an archive.
//!
//! Whoever made the tree can change it while we read. So each thing is opened once, without
//! following a link and without touching it (O_PATH), looked at, and read if it is a file that
//! can be: to open a pipe waits for a writer, to open a device may do something.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Write, empty};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use mount_ns::{Descent, Visitor};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use super::archive::{Contents, Entry, Kind, Writer};
use super::ground::{Ground, is_kernels_own, kind_of, open_again};
use super::location::{Ending, Location};
use super::place::Avoid;
use super::remarks::Remarks;
use crate::sys;

/// What a link stands for that is itself the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Links {
    /// A link.
    Kept,
    /// What it leads to.
    Followed,
}

/// Writes what is at `from` as an archive, and returns what there is to say about it. What is
/// made of it meanwhile, `avoid`, is no part of it.
///
/// # Errors
/// If it is not there, or nobody reads the archive any more.
pub fn send(
    ground: Ground<'_>,
    from: &Location,
    links: Links,
    avoid: Option<Avoid>,
    to: impl Write,
) -> Result<Remarks> {
    let step = || format!("copy {}", from.typed().display());
    let mut flags = OFlag::O_PATH;
    if from.ending != Ending::Name {
        flags |= OFlag::O_DIRECTORY;
    } else if links == Links::Kept {
        flags |= OFlag::O_NOFOLLOW;
    }
    let place = ground.open(&from.path, flags).step(step)?;
    let kind = kind_of(&fstat(&place).step(step)?);
    if kind == SFlag::S_IFSOCK {
        return Err(Error::new(format!("{}: a socket cannot be copied", step())));
    }
    if is_kernels_own(&place).step(step)? {
        return Err(Error::new(format!("{}: the kernel's own files cannot be copied", step()))
            .with_hint("they have no length, so that only reading them tells: cat FILE"));
    }
    let base = match (from.ending, from.path.file_name()) {
        (Ending::Name | Ending::Slash, Some(name)) => PathBuf::from(name),
        _ => PathBuf::from("."),
    };
    let mut sending = Sending {
        archive: Writer::new(to),
        base,
        avoid,
        seen: HashMap::new(),
        remarks: Remarks::default(),
        failed: None,
    };
    if kind == SFlag::S_IFDIR {
        let top = open_again(&place, OFlag::O_RDONLY | OFlag::O_DIRECTORY).step(step)?;
        Descent::across_mounts(top).and_then(|top| top.walk(&mut sending)).step(step)?;
    } else {
        let name = sending.base.clone();
        match sending.send(&place, name) {
            // It is all that was asked for.
            Err(Failure::Read(errno)) => return Err(errno).step(step),
            Err(Failure::Write(error)) => return Err(error),
            Ok(()) => {}
        }
    }
    let Sending { archive, remarks, failed, .. } = sending;
    failed.map_or(Ok(()), Err)?;
    archive.finish()?;
    Ok(remarks)
}

/// A tree under way.
struct Sending<W: Write> {
    archive: Writer<W>,
    /// What the names begin with.
    base: PathBuf,
    /// What is made meanwhile.
    avoid: Option<Avoid>,
    /// Files with several names, by device and inode number: the first one.
    seen: HashMap<(u64, u64), PathBuf>,
    remarks: Remarks,
    /// The archive cannot be written any more.
    failed: Option<Error>,
}

impl<W: Write> Visitor for Sending<W> {
    /// Sends a directory, and all in it but the directories.
    fn enter(&mut self, place: &mut Descent) -> Vec<OsString> {
        if self.failed.is_some() {
            return Vec::new();
        }
        let path = self.base.join(place.path());
        let mut names = self.enter_directory(place, &path).unwrap_or_else(|error| {
            self.heed(path.clone(), Err(error));
            Vec::new()
        });
        names.sort_by(|(one, _), (other, _)| other.cmp(one));
        let (dirs, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|(_, is_dir)| *is_dir);
        for (name, _) in others.iter().rev() {
            if self.failed.is_some() {
                break;
            }
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let file = openat(place.here(), name.as_os_str(), flags, Mode::empty());
            let name = path.join(name);
            let sent = file.map_err(Failure::Read).and_then(|file| self.send(&file, name.clone()));
            self.heed(name, sent);
        }
        // The walk takes the last one first.
        dirs.into_iter().map(|(name, _)| name).collect()
    }

    fn miss(&mut self, above: &Descent, name: &OsStr, errno: Errno) {
        let path = self.base.join(above.path()).join(name);
        self.heed(path, Err(Failure::Read(errno)));
    }
}

/// Why something is not in the archive.
enum Failure {
    /// It could not be read. The others can.
    Read(Errno),
    /// The archive could not be written.
    Write(Error),
}

impl<W: Write> Sending<W> {
    /// Sends the directory itself, and returns what is in it.
    fn enter_directory(
        &mut self,
        place: &mut Descent,
        path: &Path,
    ) -> Result<Vec<(OsString, bool)>, Failure> {
        let here = place.here().try_clone_to_owned().map_err(|_| Failure::Read(Errno::EMFILE))?;
        // With a slash at its end, as other programs write it.
        self.send(&here, path.join(""))?;
        // Mounted in the tree, it is an empty directory in the copy.
        if is_kernels_own(&here).map_err(Failure::Read)? {
            return Ok(Vec::new());
        }
        let mut names = place.entries().map_err(Failure::Read)?;
        let stat = fstat(&here).map_err(Failure::Read)?;
        if let Some(avoid) = self.avoid.as_ref().filter(|it| it.dir == (stat.st_dev, stat.st_ino)) {
            names.retain(|(name, _)| *name != avoid.name);
        }
        Ok(names)
    }

    /// Sends one thing, which is open.
    fn send(&mut self, place: &OwnedFd, name: PathBuf) -> Result<(), Failure> {
        let stat = fstat(place).map_err(Failure::Read)?;
        let Some(kind) = self.kind(place, &stat, &name).map_err(Failure::Read)? else {
            return Ok(());
        };
        let mut entry = Entry {
            name,
            kind,
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            mtime: stat.st_mtime,
            size: 0,
            capability: None,
        };
        if entry.kind != Kind::File {
            return self.archive.append(&entry, empty()).map(drop).map_err(Failure::Write);
        }
        let file = File::from(open_again(place, OFlag::O_RDONLY).map_err(Failure::Read)?);
        entry.size = stat.st_size.try_into().unwrap_or_default();
        entry.capability = sys::capability_of(&file).unwrap_or_default();
        let contents = self.archive.append(&entry, &file).map_err(Failure::Write)?;
        if stat.st_nlink > 1 {
            self.seen.insert((stat.st_dev, stat.st_ino), entry.name.clone());
        }
        self.remarks.contents += entry.size;
        match contents {
            Contents::Whole => Ok(()),
            Contents::Unreadable(errno) => Err(Failure::Read(errno)),
            Contents::Shrunk => {
                let name = entry.name.display();
                self.remarks.note(format!("{name}: it became shorter while it was copied"));
                Ok(())
            }
        }
    }

    /// What it is; `None` for what is not copied.
    fn kind(&mut self, place: &OwnedFd, stat: &FileStat, name: &Path) -> nix::Result<Option<Kind>> {
        Ok(Some(match kind_of(stat) {
            SFlag::S_IFREG => match self.seen.get(&(stat.st_dev, stat.st_ino)) {
                Some(first) => Kind::SameAs(first.clone()),
                None => Kind::File,
            },
            SFlag::S_IFDIR => Kind::Directory,
            // With an empty path: of the descriptor itself, readlink(2).
            SFlag::S_IFLNK => Kind::Link(readlinkat(place, "")?),
            SFlag::S_IFIFO => Kind::Fifo,
            SFlag::S_IFCHR => Kind::CharacterDevice(stat.st_rdev),
            SFlag::S_IFBLK => Kind::BlockDevice(stat.st_rdev),
            // Whoever listens on it would not listen on its copy.
            _ => {
                self.remarks.note(format!("{}: a socket is not copied", name.display()));
                return Ok(None);
            }
        }))
    }

    /// Goes on after what concerns one file only.
    fn heed(&mut self, name: PathBuf, sent: Result<(), Failure>) {
        match sent {
            Ok(()) => {}
            Err(Failure::Write(error)) => self.failed = Some(error),
            Err(Failure::Read(errno)) => {
                let step = format!("copy {}", name.display());
                self.remarks.fail(Error::from_errno(step, errno).to_string());
            }
        }
    }
}
