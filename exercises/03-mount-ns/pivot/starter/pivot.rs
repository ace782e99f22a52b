//! Makes the container's root the root of its mount namespace.

use std::path::Path;

use process::Result;

/// Makes `root` the root of this mount namespace and takes the host's away.
///
/// When it returns, this is so:
///
/// - `/` of this process, and of the whole mount namespace, is `root`;
/// - of the host's mounts, none is in the mount table any more;
/// - the working directory is the new `/`.
///
/// `root` is a mount point already.
pub fn pivot(root: &Path) -> Result<()> {
    let _ = root;
    todo!()
}
