//! A directory of the host that the container sees, and cannot write to.

use std::path::Path;

use process::Result;

/// Shows the directory `source` at `target`, read-only.
///
/// When it returns, this is so:
///
/// - at `target` are the files of `source`, themselves and not a copy;
/// - through `target` nothing can be written, also not in another file system that the
///   host has mounted somewhere below `source`;
/// - at `source` everything is as it was.
///
/// Both exist, and this process has a mount table of its own.
pub fn show(source: &Path, target: &Path) -> Result<()> {
    let _ = (source, target);
    todo!()
}
