//! Makes the container's root the root of its mount namespace.

use std::path::Path;

use nix::mount::{MntFlags, umount2};
use nix::unistd::{chdir, pivot_root};
use process::{Result, Step};

/// Makes `root` the root of this mount namespace and takes the host's away.
pub fn pivot(root: &Path) -> Result<()> {
    // The pivot moves nobody but those who stand at the very top of the old root.
    chdir(root).step(|| format!("change to {}", root.display()))?;
    // With the same directory twice, the old root lies on top of the new one.
    pivot_root(".", ".").step(|| "pivot_root")?;
    umount2(".", MntFlags::MNT_DETACH).step(|| "detach the host's root")
}
