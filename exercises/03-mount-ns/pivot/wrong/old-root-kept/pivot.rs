//! Puts the host's root aside, and leaves it there for all to see.

use std::path::Path;

use nix::unistd::{chdir, pivot_root};
use process::{Result, Step};

pub fn pivot(root: &Path) -> Result<()> {
    let old = root.join("mnt");
    std::fs::create_dir_all(&old).step(|| "create /mnt")?;
    pivot_root(root, &old).step(|| "pivot_root")?;
    chdir("/").step(|| "change to the new root")
}
