//! Plain files, and nothing that only looks like one when it is opened.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use process::{Error, Result, Step};

/// Reads a file that somebody names: a plain one, of at most `largest` bytes. Links lead where
/// they lead.
///
/// # Errors
/// If it is not there, is something else, or has more.
pub fn read_plain(path: &Path, largest: u64) -> Result<Vec<u8>> {
    let place = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
        .step(|| format!("read {}", path.display()))?;
    read_opened(&place, largest).map_err(|error| about(path, &error))
}

/// Reads what is known by an O_PATH descriptor, in the same way.
///
/// # Errors
/// If it is something else, or has more.
pub fn read_opened(place: &OwnedFd, largest: u64) -> Result<Vec<u8>> {
    if !is_plain(&fstat(place).step(|| "look at it")?) {
        return Err(Error::new("it is no plain file"));
    }
    // The same file, now with access: what it is cannot have changed since.
    let file = File::open(format!("/proc/self/fd/{}", place.as_raw_fd()));
    let mut bytes = Vec::new();
    file.and_then(|file| file.take(largest + 1).read_to_end(&mut bytes)).step(|| "read it")?;
    if bytes.len() as u64 > largest {
        return Err(Error::new(format!("it has more than {largest} bytes")));
    }
    Ok(bytes)
}

/// The error with the path in front.
pub fn about(path: &Path, error: &Error) -> Error {
    Error::new(format!("{}: {error}", path.display()))
}

/// Whether it is no device, pipe, directory or link.
pub fn is_plain(stat: &FileStat) -> bool {
    stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits()
}
