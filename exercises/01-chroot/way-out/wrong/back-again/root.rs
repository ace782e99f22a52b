//! Comes in, and goes back to where it stood before.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use nix::unistd::{chdir, chroot, fchdir};
use process::{Result, Step};

pub fn enter(root: &Path) -> Result<()> {
    let before = File::open(".").step(|| "open the working directory")?;
    chroot(root).step(|| format!("chroot to {}", root.display()))?;
    chdir("/").step(|| "change to the new root")?;
    fchdir(before.as_fd()).step(|| "change back")
}
