//! Reading files in a directory that somebody else has filled.
//!
//! A name in there may be a link to /etc/shadow or to a neighbour's answer, a pipe that
//! nobody ever writes to, or a file without end. `openat2(2)` refuses all links on the
//! way, and a file is first opened without access (`O_PATH`), to see what it is.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;
use process::{Error, Result, Step};

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

    /// Reads a plain file of at most `largest` bytes; `None` if there is none.
    ///
    /// # Errors
    /// If there is something else in its place, or more.
    pub fn read(&self, path: &str, largest: u64) -> Result<Option<Vec<u8>>> {
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
        let place = match openat2(&self.0, path, how) {
            Ok(place) => File::from(place),
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
            Err(Errno::ELOOP) => return Err(Error::new(format!("{path}: there is a link"))),
            Err(errno) => return Err(Error::from_errno(format!("open {path}"), errno)),
        };
        let data = place.metadata().step(|| format!("look at {path}"))?;
        if !data.is_file() {
            return Err(Error::new(format!("{path}: it is no plain file")));
        }
        // The same file, now with access: what it is cannot have changed since.
        let file = File::open(format!("/proc/self/fd/{}", place.as_raw_fd()));
        let mut bytes = Vec::new();
        file.and_then(|file| file.take(largest + 1).read_to_end(&mut bytes))
            .step(|| format!("read {path}"))?;
        if bytes.len() as u64 > largest {
            return Err(Error::new(format!("{path}: it has more than {largest} bytes")));
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_but_plain_files_of_the_directory_is_read() {
        let dir = std::env::temp_dir().join(format!("lab-beneath-{}", std::process::id()));
        fs::create_dir_all(dir.join("inside/sub")).unwrap();
        fs::write(dir.join("secret"), "secret").unwrap();
        fs::write(dir.join("inside/plain"), "plain").unwrap();
        symlink("plain", dir.join("inside/link")).unwrap();
        symlink("..", dir.join("inside/up")).unwrap();
        nix::unistd::mkfifo(&dir.join("inside/fifo"), Mode::S_IRUSR).unwrap();
        let beneath = Beneath::open(&dir.join("inside")).unwrap();
        assert_eq!(beneath.read("plain", 5).unwrap().unwrap(), b"plain");
        assert_eq!(beneath.read("missing", 5), Ok(None));
        for name in ["link", "up/secret", "../secret", "/etc/passwd", "fifo", "sub"] {
            assert!(beneath.read(name, 100).is_err(), "{name}");
        }
        assert!(beneath.read("plain", 4).is_err());
        fs::remove_dir_all(dir).unwrap();
    }
}
