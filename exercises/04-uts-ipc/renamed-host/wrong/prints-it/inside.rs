//! Prints the name, and tells the command of it in the environment only.

use std::path::Path;

use mount_ns::Root;
use process::Result;

pub fn set_name(name: Option<&str>) -> Result<()> {
    println!("{}", name.unwrap_or("sandbox"));
    Ok(())
}

/// Gives this process the mounts and the root of the container.
pub fn set_root(rootfs: &Path) -> Result<()> {
    mount_ns::isolate()?;
    let root = Root::bind(rootfs)?;
    mount_ns::mount_filesystems(&root)?;
    mount_ns::pivot(&root)
}
