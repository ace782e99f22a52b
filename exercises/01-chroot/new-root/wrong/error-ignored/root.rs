//! Goes on when there is no such root, in the host's.

use std::path::Path;

use nix::unistd::{chdir, chroot};
use process::Result;

pub fn enter(root: &Path) -> Result<()> {
    let _ = chroot(root);
    let _ = chdir("/");
    Ok(())
}
