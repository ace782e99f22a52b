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
    // The topmost layer is the one that is written to, says the manual.
    let upper = lower.last().cloned().unwrap_or(upper);
    let lower: Vec<_> =
        lower[..lower.len().max(2) - 1].iter().rev().map(|dir| dir.display().to_string()).collect();
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.join(":"),
        upper.display(),
        work.display()
    );
    mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .step(|| "mount the overlay")?;
    Ok(merged)
}
