//! Spares the host, and the container as well.

use std::path::Path;

use mount_ns::Root;
use nix::sched::{CloneFlags, unshare};
use process::{Result, Step};

pub fn set_name(_name: Option<&str>) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWUTS).step(|| "make a UTS namespace")
}

/// Gives this process the mounts and the root of the container.
pub fn set_root(rootfs: &Path) -> Result<()> {
    mount_ns::isolate()?;
    let root = Root::bind(rootfs)?;
    mount_ns::mount_filesystems(&root)?;
    mount_ns::pivot(&root)
}
