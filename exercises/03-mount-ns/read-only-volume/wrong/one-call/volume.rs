//! In one call: the kernel takes it, and forgets about MS_RDONLY.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn show(source: &Path, target: &Path) -> Result<()> {
    let nothing = None::<&str>;
    mount(Some(source), target, nothing, MsFlags::MS_BIND | MsFlags::MS_RDONLY, nothing)
        .step(|| "bind the volume read-only")
}
