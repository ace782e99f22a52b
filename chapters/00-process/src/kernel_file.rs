//! Files that the kernel writes while they are read: /proc, /sys, cgroups.
//!
//! They have no length before, stat(2) says 0. Who begins with a few bytes and doubles them,
//! as for a file of unknown length, asks the kernel six times for one mount table, and what is
//! told of may have changed in between. So there is room from the start for what the kernel
//! gives at once.
//!
//! They have no end either, if somebody likes: /proc/PID/environ and cmdline are a part of that
//! process's memory, and it may say that this part is as large as its address space,
//! PR_SET_MM_MAP of prctl(2). So a very long one is an error.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use nix::errno::Errno;

/// The most that most of these files give at once: a page, in bytes.
const PAGE: usize = 4096;

/// The most that is read, in bytes: more than the kernel has to tell of itself.
const LARGEST: u64 = 64 << 20;

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
/// If the kernel does not tell, or tells more than anybody could use.
pub fn read_open(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(PAGE);
    // As something to be read, not as a file: one would be asked for its length.
    if file.take(LARGEST).read_to_end(&mut bytes)? as u64 == LARGEST {
        return Err(Errno::EFBIG.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_an_error() {
        let error = read("/dev/zero").expect_err("it has no end");
        assert_eq!(error.raw_os_error(), Some(libc::EFBIG));
    }
}
