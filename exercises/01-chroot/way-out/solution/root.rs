//! The container's root directory.

use std::path::Path;

use nix::unistd::{chdir, chroot};
use process::{Result, Step};

/// Makes `root` the root directory of this process, and its working directory.
pub fn enter(root: &Path) -> Result<()> {
    chroot(root).step(|| format!("chroot to {}", root.display()))?;
    // Whoever starts a container may stand anywhere on the host: only now `/` is the image.
    chdir("/").step(|| "change to the new root")
}
