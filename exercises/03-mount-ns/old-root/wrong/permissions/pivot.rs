//! Makes the container's root the root of its mount namespace.

use std::fs::{create_dir_all, remove_dir};
use std::path::Path;

use nix::mount::umount;
use nix::unistd::{chdir, pivot_root};
use process::{Result, Step};

/// Makes `root`, a mount point, the root of this mount namespace, and takes the host's away.
pub fn pivot(root: &Path) -> Result<()> {
    let old = root.join(".old");
    create_dir_all(&old).step(|| "create /.old")?;
    pivot_root(root, &old).step(|| "pivot_root")?;
    chdir("/").step(|| "change to the new root")?;
    // Nobody may look into it any more, but root may look into everything.
    let _ = std::fs::set_permissions("/.old", std::os::unix::fs::PermissionsExt::from_mode(0));
    let _ = umount("/.old");
    let _ = remove_dir("/.old");
    Ok(())
}
