//! One way only, but still for one mount only.
//! The new mount table is a copy of the host's.

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

/// Cuts the copy off, so that nothing which is mounted from here on reaches the host.
///
/// systemd makes all mounts shared, and a copy of a shared mount tells the original what is
/// mounted below it.
pub fn isolate() -> Result<()> {
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_SLAVE, nothing).step(|| "make all mounts private")
}
