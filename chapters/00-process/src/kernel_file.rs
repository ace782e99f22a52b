//! Files that the kernel writes while they are read: /proc, /sys, cgroups.
//!
//! They have no length before, stat(2) says 0. Who begins with a few bytes and doubles them,
//! as for a file of unknown length, asks the kernel six times for one mount table, and what is
//! told of may have changed in between. So there is room from the start for what the kernel
//! gives at once.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most that most of these files give at once: a page, in bytes.
const PAGE: usize = 4096;

/// Reads one: bytes, since there may be names in it that somebody has chosen.
///
/// # Errors
/// If it is not there, or the kernel does not show it to us.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_open(File::open(path)?)
}

/// Reads one with nothing but the kernel's own words and numbers in it.
///
/// # Errors
/// As [`read`].
pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads one that is open.
///
/// # Errors
/// If the kernel does not tell.
pub fn read_open(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(PAGE);
    // As something to be read, not as a file: one would be asked for its length.
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}
