//! Moves the root over the host's, as runc does with `--no-pivot`. The host's mounts are out of
//! sight, and all still there: who may unmount `/` and call setns(2) stands in the host's root.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, chroot};
use process::{Result, Step};

pub fn pivot(root: &Path) -> Result<()> {
    let nothing = None::<&str>;
    chdir(root).step(|| "change to the new root")?;
    mount(Some("."), "/", nothing, MsFlags::MS_MOVE, nothing).step(|| "move the new root")?;
    chroot(".").step(|| "make it the root")?;
    chdir("/").step(|| "change to /")
}
