//! The course's files, as they are read.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use process::{Error, Result, Step};
use serde::de::DeserializeOwned;

use crate::beneath::read_plain;

/// The largest file of this format, in bytes: the seeds of some 20,000 learners.
pub const LARGEST_TOML: u64 = 1 << 20;

/// The longest line that is quoted where it is wrong, in bytes.
const LONGEST_QUOTED: usize = 200;

/// Files by name, and what is in them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Reads a file of this format, with its name in the error.
///
/// # Errors
/// If it cannot be read, or is not of the format.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse_toml(path, &read_plain(path, LARGEST_TOML)?)
}

/// The same for what has been read of it.
///
/// # Errors
/// If it is not of the format.
pub fn parse_toml<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    toml::from_slice(bytes).map_err(|error| {
        Error::new(format!("{}: {}", path.display(), what_is_wrong(bytes, &error)))
    })
}

/// What the error says of the file, with the line where it is, unless that is too long.
pub fn what_is_wrong(bytes: &[u8], error: &toml::de::Error) -> String {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    if lines.any(|line| line.len() > LONGEST_QUOTED) {
        let before = error.span().and_then(|span| bytes.get(..span.start)).unwrap_or_default();
        let number = before.split(|&byte| byte == b'\n').count();
        format!("TOML parse error at line {number}: {}", error.message())
    } else {
        error.to_string().trim_end().to_owned()
    }
}

/// The files of a directory by name, and none of those below it.
pub fn files(dir: &Path) -> Result<Files> {
    let step = || format!("read the files in {}", dir.display());
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.step(step)?,
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let entry = entry.step(step)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().step(step)?.is_file() {
            files.insert(name, fs::read(entry.path()).step(step)?);
        }
    }
    Ok(files)
}

/// The names of the directories in a directory, sorted.
pub fn directories(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).step(|| format!("list {}", dir.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}
