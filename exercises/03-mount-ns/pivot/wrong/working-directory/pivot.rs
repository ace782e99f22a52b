//! Forgets where it stands: in a directory of the host's tree, which is mounted nowhere
//! any more, and whose `..` leads to the host's root.

use std::path::Path;

use nix::mount::{MntFlags, umount2};
use nix::unistd::pivot_root;
use process::{Result, Step};

pub fn pivot(root: &Path) -> Result<()> {
    pivot_root(root, &root.join("mnt")).step(|| "pivot_root")?;
    umount2("/mnt", MntFlags::MNT_DETACH).step(|| "detach the host's root")
}
