//! Shows nothing of the host, and nothing of the container.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn mount_on(target: &Path) -> Result<()> {
    mount(Some("proc"), target, Some("tmpfs"), MsFlags::MS_RDONLY, None::<&str>)
        .step(|| "mount an empty /proc")
}
