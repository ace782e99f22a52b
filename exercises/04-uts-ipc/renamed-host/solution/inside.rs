//! What the new process does to itself, before it becomes the command.

use std::path::Path;

use mount_ns::Root;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::sethostname;
use process::{Result, Step};

/// Gives this process a name of its own; without one, that of the host.
pub fn set_name(name: Option<&str>) -> Result<()> {
    // Before the name: it is set in the namespace that we are in at that moment.
    unshare(CloneFlags::CLONE_NEWUTS).step(|| "make a UTS namespace")?;
    match name {
        Some(name) => sethostname(name).step(|| format!("set the host name {name}")),
        None => Ok(()),
    }
}

/// Gives this process the mounts and the root of the container.
pub fn set_root(rootfs: &Path) -> Result<()> {
    mount_ns::isolate()?;
    let root = Root::bind(rootfs)?;
    mount_ns::mount_filesystems(&root)?;
    mount_ns::pivot(&root)
}
