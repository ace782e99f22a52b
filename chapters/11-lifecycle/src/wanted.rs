//! What the user has asked for last: a file, or none.
//!
//! A container that was stopped and one that was killed by somebody of the host may have ended by
//! the same signal. Only the second is started again; so whoever stops one writes it down first.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use process::{Result, Step};

use crate::life::RECORD;

/// In what this chapter has in a record.
const WANTED: &str = "wanted";

/// Writes down that the user wants it to stay as it is when it has ended.
pub(crate) fn stopped(record: &Path) -> Result<()> {
    let path = record.join(RECORD).join(WANTED);
    // It is there, and says nothing: a file without content finds room on a full disk.
    match File::create(&path) {
        // A container of an earlier chapter is not started again in any case.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        made => made.map(drop).step(|| format!("create {}", path.display())),
    }
}

/// Strikes that out: it is started.
pub(crate) fn running(record: &Path) -> Result<()> {
    let path = record.join(RECORD).join(WANTED);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.step(|| format!("remove {}", path.display())),
    }
}

/// Whether the user wants it stopped.
pub(crate) fn is_wanted_stopped(record: &Path) -> bool {
    record.join(RECORD).join(WANTED).exists()
}
