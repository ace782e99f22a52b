//! What the new process does to itself, before it becomes the command.

use std::path::Path;

use mount_ns::Root;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::sethostname;
use process::{Result, Step};

/// Gives this process a name of its own; without one, that of the host.
pub fn set_name(name: Option<&str>) -> Result<()> {
    if let Some(name) = name {
        sethostname(name).step(|| format!("set the host name {name}"))?;
    }
    // A new namespace begins as a copy, so the name is in there, too.
    unshare(CloneFlags::CLONE_NEWUTS).step(|| "make a UTS namespace")
}

/// Gives this process the mounts and the root of the container.
pub fn set_root(rootfs: &Path) -> Result<()> {
    mount_ns::isolate()?;
    let root = Root::bind(rootfs)?;
    mount_ns::mount_filesystems(&root)?;
    mount_ns::pivot(&root)
}
