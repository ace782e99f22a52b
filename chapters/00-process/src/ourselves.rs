//! The way back to our own program.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Leads to it whatever has become of its path, proc_pid_exe(5).
const OURSELVES: &str = "/proc/self/exe";

/// Where our own program is, to be started again.
///
/// By its path, if that leads to it; `ps` shows that. But the file may have been replaced
/// since, or the mount that it is on may be in no mount namespace any more: then the path
/// that the kernel tells begins in the middle, and only the link itself leads there.
pub fn own_program() -> PathBuf {
    let path = std::env::current_exe().ok().filter(|path| leads_to_us(path));
    path.unwrap_or_else(|| OURSELVES.into())
}

/// Whether a path leads to our own program.
pub fn leads_to_us(path: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    file(path) == file(OURSELVES.as_ref())
}
