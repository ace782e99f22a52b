//! The host's, read-only: it is still the host's.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn mount_on(target: &Path) -> Result<()> {
    let nothing = None::<&str>;
    mount(Some("/proc"), target, nothing, MsFlags::MS_BIND, nothing).step(|| "bind /proc")?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    mount(nothing, target, nothing, flags, nothing).step(|| "make /proc read-only")
}
