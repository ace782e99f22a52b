//! The process list of the container, as files: proc(5).

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

/// Mounts /proc on a directory of the image. The caller is in its PID namespace already.
pub fn mount_on(target: &Path) -> Result<()> {
    // A new one: each shows the PID namespace of the process that has mounted it.
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), target, Some("proc"), flags, None::<&str>)
        .step(|| format!("mount /proc on {}", target.display()))
}
