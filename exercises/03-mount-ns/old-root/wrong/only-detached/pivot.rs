//! The host's root is gone; the directory for it stays in the image for ever.

use std::fs::create_dir_all;
use std::path::Path;

use nix::mount::{MntFlags, umount2};
use nix::unistd::{chdir, pivot_root};
use process::{Result, Step};

pub fn pivot(root: &Path) -> Result<()> {
    let old = root.join(".old");
    create_dir_all(&old).step(|| "create /.old")?;
    pivot_root(root, &old).step(|| "pivot_root")?;
    chdir("/").step(|| "change to the new root")?;
    umount2("/.old", MntFlags::MNT_DETACH).step(|| "detach the host's root")
}
