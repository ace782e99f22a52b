//! One tree out of several directories: overlayfs.

use std::path::{Path, PathBuf};

use process::Result;

/// Mounts the directories `lower` and a writable one as one tree, and tells where.
///
/// `lower` begins with the image; each one is to hide what is below it, so the last one
/// counts most. None of them may ever be written to.
///
/// `scratch` is an empty directory, for all that this mount needs. When it returns, this is
/// so:
///
/// - the directory it returns, which is below `scratch`, shows all layers as one tree;
/// - whatever is changed in that tree is in `scratch/upper`.
pub fn mount_layers(lower: &[PathBuf], scratch: &Path) -> Result<PathBuf> {
    let _ = (lower, scratch);
    todo!()
}
