//! Reading a file that somebody else has made.
//!
//! It should be a plain file of a few lines. It may be a pipe that nobody ever writes to,
//! or a device without an end: open(2) with O_NONBLOCK does not wait for a writer, and what
//! was opened is looked at before it is read.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The most that is read of it, in bytes.
pub(crate) const LARGEST: u64 = 1 << 20;

/// Opens and reads it; the last name of the path is no link.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    open(path, libc::O_NOFOLLOW).and_then(|file| read_from(&file))
}

/// The same for a file of the host, wherever links lead to it.
///
/// # Errors
/// If it is no plain file, or a large one.
pub fn read_linked(path: &Path) -> io::Result<Vec<u8>> {
    open(path, 0).and_then(|file| read_from(&file))
}

fn open(path: &Path, flags: i32) -> io::Result<File> {
    let flags = flags | libc::O_NONBLOCK | libc::O_NOCTTY;
    File::options().read(true).custom_flags(flags).open(path)
}

/// Reads what was opened with O_NONBLOCK.
///
/// # Errors
/// As [`read_linked`].
pub fn read_from(file: &File) -> io::Result<Vec<u8>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // Room for the whole at once, and for one more: that there is none tells the end.
    let length = usize::try_from(metadata.len().min(LARGEST)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(length + 1);
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}
