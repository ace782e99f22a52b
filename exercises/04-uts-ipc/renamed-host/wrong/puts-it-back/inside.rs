//! Puts the old name back, in the namespace of the container.

use std::path::Path;

use mount_ns::Root;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{gethostname, sethostname};
use process::{Result, Step};

pub fn set_name(name: Option<&str>) -> Result<()> {
    let old = gethostname().step(|| "read the host name")?;
    if let Some(name) = name {
        sethostname(name).step(|| format!("set the host name {name}"))?;
    }
    unshare(CloneFlags::CLONE_NEWUTS).step(|| "make a UTS namespace")?;
    sethostname(old).step(|| "put the old name back")
}

/// Gives this process the mounts and the root of the container.
pub fn set_root(rootfs: &Path) -> Result<()> {
    mount_ns::isolate()?;
    let root = Root::bind(rootfs)?;
    mount_ns::mount_filesystems(&root)?;
    mount_ns::pivot(&root)
}
