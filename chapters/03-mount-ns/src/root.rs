//! The container's root while we build it: names that cannot lead out of it.
//!
//! The root is somebody else's: an image, or a directory that earlier containers
//! wrote into. If it has a link `/dev -> /etc`, then mounting on `ROOT/dev` by its
//! path would mount over the *host's* /etc. So each name is looked up by
//! `openat2(2)` with RESOLVE_IN_ROOT, as if the process were chrooted already: an
//! absolute link or `..` stays inside. What comes back is a descriptor, and every
//! mount is made on that, not on a path that may have changed meanwhile.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, mkdirat};
use process::{Error, Result, Step};

use crate::sys;

/// What a mount needs to find at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A directory.
    Directory,
    /// A file, for a bind mount of a file.
    File,
}

/// The directory that is going to be the container's `/`.
#[derive(Debug)]
pub struct Root {
    dir: OwnedFd,
}

impl Root {
    /// Opens a directory that is a mount point already.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let dir = open(path, flags, Mode::empty())
            .step(|| format!("open the root {}", path.display()))?;
        Ok(Self { dir })
    }

    /// Makes a mount point of any directory, as `pivot_root(2)` wants one: by
    /// mounting it onto itself, with what is mounted below it.
    pub fn bind(path: &Path) -> Result<Self> {
        mount(Some(path), path, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)
            .step(|| format!("bind {} onto itself", path.display()))?;
        // Opened after the mount: an earlier descriptor would mean what lies beneath.
        Self::open(path)
    }

    /// Mounts a new file system on a path of the container.
    pub fn mount(
        &self,
        fstype: &str,
        path: impl AsRef<Path>,
        flags: MsFlags,
        data: &str,
    ) -> Result<()> {
        let path = path.as_ref();
        let target = self.target(path, Target::Directory)?;
        mount(Some(fstype), &by_descriptor(&target), Some(fstype), flags, Some(data))
            .step(|| format!("mount {fstype} on {}", path.display()))
    }

    /// Places a mount that exists already on a path of the container.
    pub fn place(&self, mount: BorrowedFd<'_>, path: &Path, target: Target) -> Result<()> {
        let target = self.target(path, target)?;
        sys::place(mount, target.as_fd()).step(|| format!("place a mount on {}", path.display()))
    }

    // ANCHOR: look_up
    /// Opens what is at a path of the container.
    pub fn look_up(&self, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
        let how =
            OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_IN_ROOT);
        openat2(&self.dir, path, how)
    }
    // ANCHOR_END: look_up

    /// Opens a place for a mount, and makes it where it is missing.
    pub fn target(&self, path: &Path, target: Target) -> Result<OwnedFd> {
        let step = || format!("open {} in the container", path.display());
        match self.look_up(path, OFlag::O_PATH) {
            Err(Errno::ENOENT) => self.make_target(path, target),
            Err(Errno::ENOSYS) => {
                Err(Error::from_errno(step(), Errno::ENOSYS).hint("openat2 needs Linux 5.6"))
            }
            found => found.step(step),
        }
    }

    fn make_target(&self, path: &Path, target: Target) -> Result<OwnedFd> {
        let mut parent = PathBuf::from("/");
        let mut names: Vec<&OsStr> = names_of(path)?;
        let last = names.pop().unwrap_or_default();
        for name in names {
            self.make_entry(&parent, name, Target::Directory)?;
            parent.push(name);
        }
        self.make_entry(&parent, last, target)?;
        self.look_up(path, OFlag::O_PATH).step(|| format!("open {}", path.display()))
    }

    /// Makes one directory or empty file; one that is there already is fine.
    fn make_entry(&self, parent: &Path, name: &OsStr, kind: Target) -> Result<()> {
        let step = || format!("create {} in the container", parent.join(name).display());
        let dir = self.look_up(parent, OFlag::O_PATH | OFlag::O_DIRECTORY).step(step)?;
        let made = match kind {
            Target::Directory => mkdirat(&dir, name, Mode::from_bits_truncate(0o755)),
            Target::File => {
                let new = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                openat(&dir, name, new, Mode::from_bits_truncate(0o644)).map(drop)
            }
        };
        match made {
            Err(Errno::EEXIST) => Ok(()),
            made => made.step(step),
        }
    }

    /// The directory itself.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

/// The path that means an open descriptor: mount(2) takes paths only.
pub(crate) fn by_descriptor(fd: &OwnedFd) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", fd.as_raw_fd()).into()
}

/// The names between the slashes of an absolute path without `..`.
fn names_of(path: &Path) -> Result<Vec<&OsStr>> {
    path.components()
        .filter(|component| *component != Component::RootDir)
        .map(|component| match component {
            Component::Normal(name) => Ok(name),
            _ => Err(Error::new(format!("{}: `..` in a path to be created", path.display()))),
        })
        .collect()
}
