//! `--output FILE`: into a file that is new or replaced, or into whatever else is there.
//!
//! A report is worth an evening, so whoever is interrupted has the old one or the new one:
//! it is written beside the file and renamed. But a rename puts a plain file in the place
//! of *anything*, and as root also in that of /dev/null. Anything but a plain file is
//! opened and written to, as a shell's `>` does.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::stat::fstat;
use process::{Result, Step};

use crate::beneath::Beneath;

/// Writes a report.
///
/// # Errors
/// If it cannot be written; what was begun is gone then.
pub fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let is_replaced = fs::symlink_metadata(file).map_or(true, |data| data.is_file());
    if !is_replaced {
        return write_into(file, bytes);
    }
    let dir = match file.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    fs::create_dir_all(dir).step(|| format!("create {}", dir.display()))?;
    let name = Path::new(file.file_name().unwrap_or_default());
    match Beneath::open(dir)?.write(name, bytes) {
        // Something is mounted on it, as a container engine does with a single file.
        Err(error) if error.errno() == Some(Errno::EBUSY) => write_into(file, bytes),
        written => written,
    }
}

fn write_into(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut opened = File::options();
    opened.write(true).create(true).truncate(true);
    let written = opened.open(file).and_then(|mut opened| opened.write_all(bytes));
    written.step(|| format!("write {}", file.display()))
}

/// Whether a path leads to where this program prints, such as /dev/stdout.
pub fn is_stdout(file: &Path) -> bool {
    let stdout = fstat(std::io::stdout().as_fd());
    let found = fs::metadata(file);
    matches!((stdout, found), (Ok(stdout), Ok(found))
        if (stdout.st_dev, stdout.st_ino) == (found.dev(), found.ino()))
}
