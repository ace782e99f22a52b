//! The book: that it says what the programs do, and shows the code that there is.
//!
//! Nothing in it is typed: its code is included from the lessons, its output is what
//! [`transcripts`] saw, its tables are what [`generated`] made. [`pages`] watches that
//! it stays so. After a change on purpose:
//!
//! ```console
//! # INSTA_UPDATE=always cargo test -p lab-tests book
//! ```

use std::path::{Path, PathBuf};

mod generated;
mod pages;
mod recording;
mod session;
mod transcripts;
mod translation;

/// The directory of the workspace.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The files in a directory that have one of these endings, sorted.
fn files(dir: &str, endings: &[&str]) -> Vec<PathBuf> {
    let entries = workspace().join(dir).read_dir().expect("a directory of the book").flatten();
    let has_ending = |path: &PathBuf| {
        path.extension().is_some_and(|found| endings.iter().any(|ending| found == *ending))
    };
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(has_ending).collect();
    files.sort();
    files
}

/// The text of a file of the workspace.
#[track_caller]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
