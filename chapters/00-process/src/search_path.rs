//! Where a program of the host is, as a shell looks for it: in the directories of PATH, in
//! their order.

use std::env;
use std::path::{Path, PathBuf};

/// The first file of that name in a directory of PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    find_in(env::split_paths(&path), program)
}

/// The first file of that name in one of these directories.
pub fn find_in<D: AsRef<Path>>(
    dirs: impl IntoIterator<Item = D>,
    program: &str,
) -> Option<PathBuf> {
    dirs.into_iter().map(|dir| dir.as_ref().join(program)).find(|file| file.is_file())
}
