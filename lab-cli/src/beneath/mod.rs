//! Files in a directory that somebody else has filled.
//!
//! A name in there may be a link to /etc/shadow or to a neighbour's answer, a device, a pipe
//! that nobody ever writes to, or a file without end. So nothing is reached by a path:
//!
//! ```text
//!   read     openat2 without links ── O_PATH: what is it? ── open that, up to a size
//!   write    each directory by its descriptor ── a new file (O_EXCL) ── rename
//! ```
//!
//! And root writes as whoever owns the directory: setfsuid(2) lends the rights of another
//! user to what is done with files, and takes those of root away. What is made belongs to
//! the owner from its first moment, and whatever has been swapped for something else
//! meanwhile, its owner could have done it all alone.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat, openat2, renameat};
use nix::sys::stat::{FileStat, Mode, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use process::{Error, Result, Step};

mod owner;
mod plain;

pub use plain::read_plain;

use owner::Owner;
use plain::{about, is_plain, read_opened};

/// A directory out of which nothing leads.
#[derive(Debug)]
pub struct Beneath(OwnedFd);

impl Beneath {
    /// Opens the directory, which may itself be reached by a link.
    ///
    /// # Errors
    /// If it is not there, or is no directory.
    pub fn open(dir: &Path) -> Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let dir = open(dir, flags, Mode::empty()).step(|| format!("open {}", dir.display()))?;
        Ok(Self(dir))
    }

    /// Opens a directory in this one; `None` if there is none.
    ///
    /// # Errors
    /// If there is something else in its place.
    pub fn enter(&self, path: &Path) -> Result<Option<Self>> {
        Ok(self.look_up(path, OFlag::O_DIRECTORY)?.map(Self))
    }

    /// Reads a plain file of at most `largest` bytes; `None` if there is none.
    ///
    /// # Errors
    /// If there is something else in its place, or more.
    pub fn read(&self, path: &Path, largest: u64) -> Result<Option<Vec<u8>>> {
        let Some(place) = self.look_up(path, OFlag::empty())? else { return Ok(None) };
        read_opened(&place, largest).map(Some).map_err(|error| about(path, &error))
    }

    /// Writes a file, in the place of a plain one or of nothing, with the directories that
    /// are missing on the way. Whoever is interrupted leaves the old one, or the new one.
    ///
    /// # Errors
    /// If there is something else in its place, or it cannot be written.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let parent = self.parent(path)?;
        let _owner = Owner::of(&parent.0)?;
        let before = plain_or_nothing(&parent, path)?;
        let name = file_name(path)?;
        let mut unfinished = name.to_owned();
        unfinished.push(format!(".{}.unfinished", std::process::id()));
        let unfinished = unfinished.as_os_str();
        let written = create(&parent, unfinished).and_then(|mut file| {
            file.write_all(bytes)?;
            if let Some(before) = before {
                let mode = Permissions::from_mode(before.st_mode & 0o777);
                file.set_permissions(mode)?;
            }
            Ok(renameat(&parent.0, unfinished, &parent.0, name)?)
        });
        written.step(|| format!("write {}", path.display())).inspect_err(|_| {
            let _ = unlinkat(&parent.0, unfinished, UnlinkatFlags::NoRemoveDir);
        })
    }

    /// Makes an empty file, in the place of a plain one or of nothing.
    ///
    /// # Errors
    /// If there is something else in its place, or it cannot be made.
    pub fn create(&self, path: &Path) -> Result<File> {
        let parent = self.parent(path)?;
        let _owner = Owner::of(&parent.0)?;
        plain_or_nothing(&parent, path)?;
        create(&parent, file_name(path)?).step(|| format!("create {}", path.display()))
    }

    /// Gives a plain file another name in its directory.
    ///
    /// # Errors
    /// If there is something else that has this name.
    pub fn rename(&self, path: &Path, other: &OsStr) -> Result<()> {
        let parent = self.parent(path)?;
        let _owner = Owner::of(&parent.0)?;
        plain_or_nothing(&parent, &path.with_file_name(other))?;
        renameat(&parent.0, file_name(path)?, &parent.0, other)
            .step(|| format!("rename {}", path.display()))
    }

    fn look_up(&self, path: &Path, flags: OFlag) -> Result<Option<OwnedFd>> {
        let how = OpenHow::new()
            .flags(flags | OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
        match openat2(&self.0, path, how) {
            Ok(place) => Ok(Some(place)),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
            Err(Errno::ELOOP) => Err(Error::new(format!("{}: there is a link", path.display()))),
            Err(errno) => Err(Error::from_errno(format!("open {}", path.display()), errno)),
        }
    }

    /// The directory of a path, made where it is missing.
    fn parent(&self, path: &Path) -> Result<Self> {
        let step = || format!("open the directory of {}", path.display());
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mut dir = openat(&self.0, ".", flags, Mode::empty()).step(step)?;
        for part in path.parent().into_iter().flat_map(Path::components) {
            let Component::Normal(name) = part else {
                return Err(Error::new(format!("{}: it leads out of there", path.display())));
            };
            let owner = Owner::of(&dir)?;
            let made = mkdirat(&dir, name, Mode::from_bits_truncate(0o755));
            if made != Err(Errno::EEXIST) {
                made.step(step)?;
            }
            drop(owner);
            dir = match openat(&dir, name, flags, Mode::empty()) {
                Err(Errno::ELOOP | Errno::ENOTDIR) => {
                    let path = path.display();
                    return Err(Error::new(format!("{path}: there is a link, or no directory")));
                }
                opened => opened.step(step)?,
            };
        }
        Ok(Self(dir))
    }
}

/// What a path's last name stands for. A file of this kind can be replaced.
fn plain_or_nothing(parent: &Beneath, path: &Path) -> Result<Option<FileStat>> {
    match fstatat(&parent.0, file_name(path)?, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Err(Errno::ENOENT) => Ok(None),
        Ok(stat) if is_plain(&stat) => Ok(Some(stat)),
        Ok(_) => Err(Error::new(format!("write {}: it is no plain file", path.display()))
            .with_hint("what is in its place was not made by lab: move it away")),
        Err(errno) => Err(Error::from_errno(format!("look at {}", path.display()), errno)),
    }
}

/// Makes a file that is nobody else's: one that has the name already loses it first.
fn create(parent: &Beneath, name: &OsStr) -> io::Result<File> {
    let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    match unlinkat(&parent.0, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => {}
        removed => removed?,
    }
    Ok(File::from(openat(&parent.0, name, flags, Mode::from_bits_truncate(0o644))?))
}

fn file_name(path: &Path) -> Result<&OsStr> {
    path.file_name().ok_or_else(|| Error::new(format!("{}: it names no file", path.display())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    /// A directory with something of each kind in it, and a secret beside it.
    fn full(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("lab-{name}-{}", std::process::id()));
        fs::create_dir_all(dir.join("inside/sub")).unwrap();
        fs::write(dir.join("secret"), "secret").unwrap();
        fs::write(dir.join("inside/plain"), "plain").unwrap();
        symlink("plain", dir.join("inside/link")).unwrap();
        symlink("../secret", dir.join("inside/out")).unwrap();
        symlink("..", dir.join("inside/up")).unwrap();
        nix::unistd::mkfifo(&dir.join("inside/fifo"), Mode::S_IRUSR).unwrap();
        dir
    }

    const ELSEWHERE: [&str; 7] =
        ["link", "out", "up/secret", "../secret", "/etc/passwd", "fifo", "sub"];

    #[test]
    fn nothing_but_plain_files_of_the_directory_is_read() {
        let dir = full("read");
        let beneath = Beneath::open(&dir.join("inside")).unwrap();
        let read = |name: &str, largest| beneath.read(Path::new(name), largest);
        assert_eq!(read("plain", 5).unwrap().unwrap(), b"plain");
        assert_eq!(read("missing", 5), Ok(None));
        for name in ELSEWHERE {
            assert!(read(name, 100).is_err(), "{name}");
        }
        assert!(read("plain", 4).is_err());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn nothing_but_plain_files_of_the_directory_is_written() {
        let dir = full("write");
        let inside = dir.join("inside");
        let beneath = Beneath::open(&inside).unwrap();
        fs::hard_link(dir.join("secret"), inside.join("hard")).unwrap();
        for name in ["plain", "new", "deep/er/new", "hard"] {
            beneath.write(Path::new(name), b"new").unwrap();
            assert_eq!(fs::read(inside.join(name)).unwrap(), b"new", "{name}");
        }
        for name in ELSEWHERE {
            assert!(beneath.write(Path::new(name), b"new").is_err(), "{name}");
            assert!(beneath.create(Path::new(name)).is_err(), "{name}");
        }
        for name in ["link", "fifo", "sub"] {
            assert!(beneath.rename(Path::new("plain"), OsStr::new(name)).is_err(), "{name}");
        }
        assert_eq!(fs::read(dir.join("secret")).unwrap(), b"secret");
        let names = fs::read_dir(&inside).unwrap().flatten().map(|entry| entry.file_name());
        let is_left = |name: &std::ffi::OsString| name.to_string_lossy().contains("unfinished");
        assert_eq!(names.filter(is_left).count(), 0);
        fs::remove_dir_all(dir).unwrap();
    }
}
