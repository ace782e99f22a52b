//! The container's root while we build it: names that cannot lead out of it.
//!
//! The root is somebody else's: an image, or a directory that earlier containers
//! wrote into. If it has a link `/dev -> /etc`, then mounting on `ROOT/dev` by its
//! path would mount over the *host's* /etc. So each name is looked up by
//! `openat2(2)` with RESOLVE_IN_ROOT, as if the process were chrooted already: an absolute
//! link or `..` stays inside. The result is a descriptor, and every mount is made on that,
//! not on a path that may have changed meanwhile.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2, readlinkat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, mkdirat};
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
        self.resolve(path, flags, ResolveFlag::empty())
    }

    fn resolve(&self, path: &Path, flags: OFlag, more: ResolveFlag) -> nix::Result<OwnedFd> {
        let how = OpenHow::new()
            .flags(flags | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | more);
        // While anything is renamed anywhere, the kernel cannot tell whether a `..` has led
        // out, and says EAGAIN. Somebody may well rename all the time, but not be lucky so
        // often.
        let mut tries = 0..128;
        loop {
            match openat2(&self.dir, path, how) {
                Err(Errno::EAGAIN) if tries.next().is_some() => {}
                opened => return opened,
            }
        }
    }
    // ANCHOR_END: look_up

    /// Opens a place for a mount, and makes it where it is missing.
    pub fn target(&self, path: &Path, target: Target) -> Result<OwnedFd> {
        let step = || format!("open {} in the container", path.display());
        let found = match self.look_up(path, OFlag::O_PATH) {
            Err(Errno::ENOENT) => self.make_target(path, target)?,
            Err(Errno::ENOSYS) => {
                return Err(
                    Error::from_errno(step(), Errno::ENOSYS).with_hint("openat2 needs Linux 5.6")
                );
            }
            found => found.step(step)?,
        };
        // The kernel answers no more than "invalid argument".
        let wrong = match (target, kind_of(&fstat(&found).step(step)?) == SFlag::S_IFDIR) {
            (Target::Directory, false) => "a directory cannot be mounted on a file",
            (Target::File, true) => "a file cannot be mounted on a directory",
            _ => return Ok(found),
        };
        Err(Error::new(format!("mount on {} in the container: {wrong}", path.display())))
    }

    /// Fails if a path of the container leads to its root, by a link: what is mounted on that
    /// lies below what everybody starts from, and nobody sees it.
    pub fn refuse_root(&self, path: &Path) -> Result<()> {
        let identity = |dir: &OwnedFd| fstat(dir).map(|stat| (stat.st_dev, stat.st_ino));
        let Ok(found) = self.look_up(path, OFlag::O_PATH) else { return Ok(()) };
        if identity(&found) == identity(&self.dir) {
            Err(Error::new(format!("{}: it leads to the container's root", path.display())))
        } else {
            Ok(())
        }
    }

    /// Makes a place, with the directories on the way to it.
    ///
    /// A link on the way may lead to what is not there yet: /etc/resolv.conf of many
    /// images is one into /run, which is empty until the system has started. The kernel
    /// would not make anything behind a link, so here we go from name to name ourselves.
    fn make_target(&self, path: &Path, target: Target) -> Result<OwnedFd> {
        let step = || format!("create {} in the container", path.display());
        let mut ahead = names_in(path);
        let mut here = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            match self.read_link(&next) {
                // As many as the kernel follows: path_resolution(7).
                Ok(_) if links == 40 => return Err(Errno::ELOOP).step(step),
                Ok(link) => {
                    links += 1;
                    if link.is_absolute() {
                        here = PathBuf::from("/");
                    }
                    ahead.extend(names_in(&link));
                    continue;
                }
                // It is there, and no link.
                Err(Errno::EINVAL) => {}
                Err(Errno::ENOENT) => {
                    let is_last = ahead.is_empty();
                    let kind = if is_last { target } else { Target::Directory };
                    self.make_entry(&here, &name, kind).step(step)?;
                }
                Err(errno) => return Err(errno).step(step),
            }
            here = next;
        }
        self.resolve(&here, OFlag::O_PATH, ResolveFlag::RESOLVE_NO_SYMLINKS).step(step)
    }

    /// Where a link of the container leads; EINVAL for what is no link.
    fn read_link(&self, path: &Path) -> nix::Result<PathBuf> {
        let link = self.look_up(path, OFlag::O_PATH | OFlag::O_NOFOLLOW)?;
        let is_link = kind_of(&fstat(&link)?) == SFlag::S_IFLNK;
        // With an empty path: of the descriptor itself, readlink(2).
        if is_link { readlinkat(&link, "").map(PathBuf::from) } else { Err(Errno::EINVAL) }
    }

    /// Makes one directory or empty file in a directory on the way to which is no link.
    fn make_entry(&self, parent: &Path, name: &OsStr, kind: Target) -> nix::Result<()> {
        let directory = OFlag::O_PATH | OFlag::O_DIRECTORY;
        let dir = self.resolve(parent, directory, ResolveFlag::RESOLVE_NO_SYMLINKS)?;
        let made = match kind {
            Target::Directory => mkdirat(&dir, name, Mode::from_bits_truncate(0o755)),
            Target::File => {
                let new = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                openat(&dir, name, new, Mode::from_bits_truncate(0o644)).map(drop)
            }
        };
        // Another container may have made it in this moment.
        if made == Err(Errno::EEXIST) { Ok(()) } else { made }
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

impl From<OwnedFd> for Root {
    /// A directory that is open already, such as the root of a process: `/proc/4711/root`.
    fn from(dir: OwnedFd) -> Self {
        Self { dir }
    }
}

fn kind_of(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

/// The names of a path, the last one first.
pub fn names_in(path: &Path) -> Vec<OsString> {
    let is_name =
        |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().rev().filter(is_name).map(|part| part.as_os_str().to_owned()).collect()
}

/// A path in the container, without the detours: `/a/../b` is `/b`, as Docker has it.
pub(crate) fn absolute(path: &OsStr) -> Result<PathBuf, String> {
    let path = Path::new(path);
    if !path.is_absolute() {
        let path = path.display();
        return Err(format!("{path}: the path in the container must be absolute"));
    }
    let mut plain = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            _ => {}
        }
    }
    match plain.parent() {
        Some(_) => Ok(plain),
        None => Err(format!("{}: it cannot be the container's root", path.display())),
    }
}
