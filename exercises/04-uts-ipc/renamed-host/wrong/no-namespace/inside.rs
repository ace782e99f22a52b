//! Takes the namespace for the culprit.

use std::path::Path;

use mount_ns::Root;
use nix::unistd::sethostname;
use process::{Result, Step};

pub fn set_name(name: Option<&str>) -> Result<()> {
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
