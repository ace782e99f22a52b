//! Covers the host's root with an empty file system, which can be taken off again.

use std::fs::create_dir_all;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, pivot_root};
use process::{Result, Step};

pub fn pivot(root: &Path) -> Result<()> {
    let old = root.join(".old");
    create_dir_all(&old).step(|| "create /.old")?;
    pivot_root(root, &old).step(|| "pivot_root")?;
    chdir("/").step(|| "change to the new root")?;
    mount(Some("tmpfs"), "/.old", Some("tmpfs"), MsFlags::MS_RDONLY, None::<&str>)
        .step(|| "cover the host's root")
}
