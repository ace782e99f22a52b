//! Makes the container's root the root of its mount namespace.

use std::fs::{create_dir_all, remove_dir};
use std::path::Path;

use nix::mount::{MntFlags, umount2};
use nix::unistd::{chdir, pivot_root};
use process::{Result, Step};

/// Makes `root`, a mount point, the root of this mount namespace, and takes the host's away.
pub fn pivot(root: &Path) -> Result<()> {
    let old = root.join(".old");
    create_dir_all(&old).step(|| "create /.old")?;
    pivot_root(root, &old).step(|| "pivot_root")?;
    chdir("/").step(|| "change to the new root")?;
    // It is in use, by other mounts and by this program: detached, it goes all the same.
    umount2("/.old", MntFlags::MNT_DETACH).step(|| "detach the host's root")?;
    remove_dir("/.old").step(|| "remove /.old")
}
