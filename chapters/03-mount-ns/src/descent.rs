//! A walk through a tree that somebody else made, however deep.
//!
//! `mkdir d; cd d`, again and again, makes a tree that no path leads to the end of: a
//! path has at most 4096 bytes, `PATH_MAX`. Nor can each level's directory be held open on
//! the way down: the kernel gives a process so many descriptors and no more,
//! `RLIMIT_NOFILE`. So a walk goes by single names, and keeps the nearest levels open:
//!
//! ```text
//!   /  a  b  c  d  e  f  g  h  i  j        ▣ open     · its device and inode number
//!   ·  ·  ·  ▣  ▣  ▣  ▣  ▣  ▣  ▣  ▣
//!                                 └─ here: one name down, or back to the last one open
//!         └─ from the last one open: `..`, which must be who was there before
//! ```
//!
//! It follows no link and, unless that is asked for, enters no mount, whatever takes the place
//! of a directory meanwhile.

use std::collections::VecDeque;
use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};

/// The levels that are kept open. An ordinary tree has fewer.
const NEAREST: usize = 16;

/// What is done at each directory of a tree.
pub trait Visitor {
    /// Looks at the directory, and returns the names of those in it to go into.
    fn enter(&mut self, place: &mut Descent) -> Vec<OsString>;

    /// Is back in the directory above one that is done with.
    fn leave(&mut self, _above: &Descent, _name: &OsStr) {}

    /// Could not go into one.
    fn miss(&mut self, _above: &Descent, _name: &OsStr, _errno: Errno) {}
}

/// A place in a tree, and the way back to its top.
#[derive(Debug)]
pub struct Descent {
    /// The nearest levels; the last one is where we are.
    open: VecDeque<Dir>,
    /// The levels above those, by device and inode number.
    closed: Vec<(u64, u64)>,
    /// The names on the way here.
    names: Vec<OsString>,
    /// How a name is looked up.
    resolve: ResolveFlag,
}

impl Descent {
    /// Stands at the top of a tree. It must not be a link.
    pub fn from(top: &Path) -> nix::Result<Self> {
        let top = Dir::open(top, directory() | OFlag::O_NOFOLLOW, Mode::empty())?;
        let resolve = ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_XDEV;
        Ok(Self { open: [top].into(), closed: Vec::new(), names: Vec::new(), resolve })
    }

    /// Stands in a directory that is open, and enters what is mounted below it as well.
    pub fn across_mounts(top: OwnedFd) -> nix::Result<Self> {
        let (open, resolve) = ([Dir::from_fd(top)?].into(), ResolveFlag::RESOLVE_NO_SYMLINKS);
        Ok(Self { open, closed: Vec::new(), names: Vec::new(), resolve })
    }

    /// The directory in which we are.
    pub fn here(&self) -> BorrowedFd<'_> {
        self.open.back().expect("the place where we are is open").as_fd()
    }

    /// The way from the top to here. It may be too long to be given to the kernel.
    pub fn path(&self) -> PathBuf {
        self.names.iter().collect()
    }

    /// Goes through the whole tree.
    ///
    /// Not a recursion: that would need a stack as deep as the tree.
    ///
    /// # Errors
    /// If the way back is lost.
    pub fn walk(mut self, visitor: &mut impl Visitor) -> nix::Result<()> {
        let mut ahead = vec![visitor.enter(&mut self)];
        while let Some(names) = ahead.last_mut() {
            match names.pop() {
                Some(name) => match self.down(&name) {
                    Ok(()) => ahead.push(visitor.enter(&mut self)),
                    Err(errno) => visitor.miss(&self, &name, errno),
                },
                None => {
                    ahead.pop();
                    if let Some(name) = self.up()? {
                        visitor.leave(&self, &name);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is in here: names, and whether each is a directory.
    pub fn entries(&mut self) -> nix::Result<Vec<(OsString, bool)>> {
        let dir = self.open.back_mut().expect("the place where we are is open");
        let entries: Vec<_> = dir.iter().collect::<nix::Result<_>>()?;
        let names = entries.iter().map(|entry| (entry.file_name(), entry.file_type()));
        names
            .filter(|(name, _)| ![c".", c".."].contains(name))
            .map(|(name, kind)| {
                let is_dir = match kind {
                    Some(kind) => kind == Type::Directory,
                    // Some file systems do not tell along with the name: readdir(3).
                    None => is_directory(self.here(), name)?,
                };
                Ok((OsStr::from_bytes(name.to_bytes()).to_owned(), is_dir))
            })
            .collect()
    }

    // ANCHOR: steps
    /// Goes into a directory that is in here.
    fn down(&mut self, name: &OsStr) -> nix::Result<()> {
        let how = OpenHow::new().flags(directory()).resolve(self.resolve);
        let below = Dir::from_fd(openat2(self.here(), name, how)?)?;
        if self.open.len() == NEAREST {
            self.closed.push(identity(&self.open[0])?);
            self.open.pop_front();
        }
        self.open.push_back(below);
        self.names.push(name.to_owned());
        Ok(())
    }

    /// Goes back, and returns the name of what it leaves; `None` at the top.
    fn up(&mut self) -> nix::Result<Option<OsString>> {
        let Some(name) = self.names.pop() else { return Ok(None) };
        if self.open.len() == 1 {
            let above = Dir::from_fd(openat(self.here(), "..", directory(), Mode::empty())?)?;
            // Moved somewhere else meanwhile, it would lead us out of the tree.
            if self.closed.pop() != Some(identity(&above)?) {
                return Err(Errno::ESTALE);
            }
            self.open.push_front(above);
        }
        self.open.pop_back();
        Ok(Some(name))
    }
    // ANCHOR_END: steps
}

fn directory() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC
}

fn identity(dir: &Dir) -> nix::Result<(u64, u64)> {
    fstat(dir).map(|stat| (stat.st_dev, stat.st_ino))
}

fn is_directory(dir: BorrowedFd<'_>, name: &CStr) -> nix::Result<bool> {
    let stat = fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    Ok(SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR)
}
