//! The container's root directory.

use std::path::Path;

use nix::unistd::{chdir, chroot};
use process::{Result, Step};

/// Makes `root` the root directory of this process.
pub fn enter(root: &Path) -> Result<()> {
    chroot(root).step(|| format!("chroot to {}", root.display()))?;
    // The working directory has stayed where it was: outside, from where `..` leads on.
    chdir("/").step(|| "change to the new root")
}
