//! The process list of the container, as files: proc(5).

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

/// Mounts /proc on a directory of the image. The caller is in its PID namespace already.
pub fn mount_on(target: &Path) -> Result<()> {
    let nothing = None::<&str>;
    // With all that is mounted below it, such as binfmt_misc.
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some("/proc"), target, nothing, flags, nothing)
        .step(|| format!("mount /proc on {}", target.display()))
}
