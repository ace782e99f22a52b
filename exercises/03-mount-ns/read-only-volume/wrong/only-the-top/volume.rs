//! Takes along what is mounted below, and makes only the top read-only.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn show(source: &Path, target: &Path) -> Result<()> {
    let nothing = None::<&str>;
    mount(Some(source), target, nothing, MsFlags::MS_BIND | MsFlags::MS_REC, nothing)
        .step(|| "bind the volume")?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | MsFlags::MS_REC;
    mount(nothing, target, nothing, flags, nothing).step(|| "make it read-only")
}
