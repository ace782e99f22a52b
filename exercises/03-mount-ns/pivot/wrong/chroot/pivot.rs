//! Only looks like it: the host's mounts are all still there.

use std::path::Path;

use process::Result;

pub fn pivot(root: &Path) -> Result<()> {
    chroot::enter(root)
}
