//! Which containers were born in another one's namespaces.
//!
//! ```text
//! /var/lib/lab/guests/3f9c0a1b2c4d        an empty file
//! ```
//!
//! There are few of them. So whoever asks who shares what need not ask all that run.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::directory::{directory, make_private};
use super::id::is_id;
use super::running::{Running, with_id};
use crate::{Result, Step};

/// Writes down that a container is one.
///
/// # Errors
/// If it cannot be written.
pub(super) fn add(id: &str) -> Result<()> {
    let guest = place().join(id);
    let made = make_private(&place()).and_then(|()| File::create(&guest));
    made.map(drop).step(|| format!("write {}", guest.display()))
}

/// Strikes a container out, whether it is one or not.
pub(super) fn remove(id: &str) {
    let _ = fs::remove_file(place().join(id));
}

/// Those of them that are alive.
///
/// # Errors
/// If they cannot be listed.
pub fn guests() -> Result<Vec<Running>> {
    let listing = match fs::read_dir(place()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.step(|| format!("list {}", place().display()))?,
    };
    let names = listing.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| is_id(name)).filter_map(|id| with_id(&id)).collect())
}

fn place() -> PathBuf {
    directory().join("guests")
}
