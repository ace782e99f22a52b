//! A directory of the host that the container sees, and cannot write to.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

/// Shows the directory `source` at `target`, read-only.
pub fn show(source: &Path, target: &Path) -> Result<()> {
    let nothing = None::<&str>;
    // Without MS_REC: what is mounted below the source stays out, so it needs no care.
    mount(Some(source), target, nothing, MsFlags::MS_BIND, nothing)
        .step(|| format!("bind {} on {}", source.display(), target.display()))?;
    // A bind mount takes no other flags; mount(2). It takes them afterwards.
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    mount(nothing, target, nothing, flags, nothing)
        .step(|| format!("make {} read-only", target.display()))
}
