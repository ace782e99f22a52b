//! An archive becomes files.
//!
//! What is in the way is removed first: nothing is ever written through a link, or into a file
//! that has another name as well. A directory in the place of another one is merged with it; a
//! directory and something else never take each other's place.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat, umask};
use nix::unistd::{LinkatFlags, UnlinkatFlags, linkat, unlinkat};
use process::{Error, Result, Step};

use super::archive::{Entry, Kind, Reader};
use super::below::{Below, Rest, Shape};
use super::ground::{Ground, kind_of, open_again};
use super::location::Location;
use super::make::{Made, New, Owners};
use super::place::{Names, Place};
use super::remarks::Remarks;

/// Makes files of an archive, and returns what there is to say about it.
///
/// # Errors
/// If one of them cannot be made, or the archive is not whole.
pub fn receive(
    ground: Ground<'_>,
    to: &Location,
    shape: Shape,
    owners: Owners,
    from: impl Read,
) -> Result<Remarks> {
    let mut archive = Reader::new(from);
    let (place, first) = match shape {
        Shape::Archive => (Place::of_archive(ground, to)?, archive.next()?),
        Shape::Tree => match archive.next()? {
            Some(first) => (Place::of_tree(ground, to, &first)?, Some(first)),
            None => return Ok(Remarks::default()),
        },
    };
    let below = Below::new(place.dir, shape).step(|| "look at the destination")?;
    let (names, remarks) = (place.names, Remarks::default());
    let mut receiving = Receiving { shape, below, names, owners, remarks };
    // Modes are what the archive says.
    let before = umask(Mode::empty());
    let received = receiving.all(first, &mut archive);
    umask(before);
    received?;
    archive.drain();
    Ok(receiving.remarks)
}

/// A copy under way.
struct Receiving {
    shape: Shape,
    below: Below,
    names: Names,
    owners: Owners,
    remarks: Remarks,
}

impl Receiving {
    fn all(&mut self, mut next: Option<Entry>, archive: &mut Reader<impl Read>) -> Result<()> {
        while let Some(entry) = next {
            self.one(&entry, archive)?;
            next = archive.next()?;
        }
        self.below.leave_all()
    }

    fn one(&mut self, entry: &Entry, archive: &mut Reader<impl Read>) -> Result<()> {
        let path = self.names.path_of(&entry.name)?;
        // The destination itself, which stays as it is.
        let Some(name) = path.file_name() else { return Ok(()) };
        self.below.go_to(path.parent().unwrap_or(Path::new("")))?;
        let found = self.clear(name, entry)?;
        let new = New { here: self.below.here(), name, entry, owners: self.owners };
        let whole = |()| Made::Whole;
        let made = match (&entry.kind, found) {
            (_, Found::Mount(file)) => new.fill(&file, archive).map(whole)?,
            (Kind::File, _) => new.file(archive)?,
            (Kind::Directory, found) => {
                let dir = match found {
                    Found::Directory(dir) => dir,
                    _ => new.directory()?,
                };
                new.give(dir.as_fd())?;
                let rest = Rest { mode: new.mode(), mtime: entry.mtime };
                self.below.down(name, dir, Some(rest)).step(|| "go into a directory")?;
                Made::Whole
            }
            (Kind::SameAs(first), _) => self.link(first, name, entry).map(whole)?,
            (Kind::Link(target), _) => new.link(target).map(whole)?,
            (Kind::Fifo, _) => new.fifo().map(whole)?,
            (Kind::CharacterDevice(number), _) => new.device(SFlag::S_IFCHR, *number)?,
            (Kind::BlockDevice(number), _) => new.device(SFlag::S_IFBLK, *number)?,
        };
        self.remarks.contents += entry.size;
        match made {
            Made::Whole => {}
            // It is all that was asked for.
            Made::Nothing(why) if self.shape == Shape::Tree && path == Path::new(name) => {
                return Err(Error::new(format!("copy {}: {why}", entry.name.display())));
            }
            Made::Nothing(why) | Made::Partly(why) => {
                self.remarks.note(format!("{}: {why}", entry.name.display()));
            }
        }
        Ok(())
    }

    /// Gives a file that came before one more name. Should that be a link by now, it is the
    /// link that gets it.
    fn link(&self, first: &Path, name: &OsStr, entry: &Entry) -> Result<()> {
        let step = || format!("make {} another name of {}", entry.name.display(), first.display());
        let first = self.names.path_of(first)?;
        let dir = first.parent().unwrap_or(Path::new(""));
        let dir = self.below.open_elsewhere(dir).step(step)?;
        let first = first.file_name().ok_or(Errno::EISDIR).step(step)?;
        linkat(&dir, first, self.below.here(), name, LinkatFlags::empty()).step(step)
    }

    /// Removes what has the name, if something else may take its place.
    fn clear(&self, name: &OsStr, entry: &Entry) -> Result<Found> {
        let (here, shown) = (self.below.here(), entry.name.display());
        let step = || format!("replace {shown}");
        let found = match fstatat(here, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => return Ok(Found::Nothing),
            found => kind_of(&found.step(step)?),
        };
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match (found == SFlag::S_IFDIR, entry.kind == Kind::Directory) {
            (true, true) => openat(here, name, flags | OFlag::O_DIRECTORY, Mode::empty())
                .map(Found::Directory)
                .step(step),
            (true, false) => {
                Err(Error::new(format!("cannot overwrite directory {shown} with what is none")))
            }
            (false, true) => Err(Error::new(format!(
                "cannot overwrite {shown}, which is no directory, with one"
            ))),
            (false, false) if is_mount(here, name).step(step)? => {
                let file = openat(here, name, flags, Mode::empty()).step(step)?;
                let is_file = kind_of(&fstat(&file).step(step)?) == SFlag::S_IFREG;
                if !is_file || entry.kind != Kind::File {
                    return Err(Errno::EBUSY).step(step);
                }
                let file = open_again(&file, OFlag::O_WRONLY | OFlag::O_TRUNC).step(step)?;
                Ok(Found::Mount(file.into()))
            }
            (false, false) => {
                let removed = unlinkat(here, name, UnlinkatFlags::NoRemoveDir);
                removed.map(|()| Found::Nothing).step(step)
            }
        }
    }
}

/// Whether something is mounted on a name, such as on a container's /etc/hosts. The kernel
/// refuses to unlink that in the mount namespace that has the mount; in any other, where we
/// are, it takes the mount away.
fn is_mount(here: BorrowedFd<'_>, name: &OsStr) -> nix::Result<bool> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_XDEV);
    match openat2(here, name, how) {
        Err(Errno::EXDEV) => Ok(true),
        opened => opened.map(|_| false),
    }
}

/// What is in the way.
enum Found {
    Nothing,
    /// One that stays, for a directory.
    Directory(OwnedFd),
    /// A mount, for a file: it can be written, but not replaced.
    Mount(File),
}
