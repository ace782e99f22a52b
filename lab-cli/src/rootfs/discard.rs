//! Removing a directory of the cache that nobody uses.

use std::path::Path;

use process::Result;
use process::record::Lock;

/// Removes a directory of the cache with all that is in it; nothing is fine too.
///
/// # Errors
/// If something is mounted in there, or a file cannot be removed.
pub fn discard(dir: &Path, _lock: &Lock) -> Result<()> {
    overlay::remove_tree(dir)
}
