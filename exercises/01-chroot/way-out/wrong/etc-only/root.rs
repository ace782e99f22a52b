//! Goes to another directory of the host, where the test file is not.

use std::path::Path;

use nix::unistd::{chdir, chroot};
use process::{Result, Step};

pub fn enter(root: &Path) -> Result<()> {
    chdir("/mnt").step(|| "change to an empty directory")?;
    chroot(root).step(|| format!("chroot to {}", root.display()))
}
