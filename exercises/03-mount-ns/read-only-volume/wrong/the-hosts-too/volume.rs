//! Takes the write permission from the files: the host's own.

use std::fs::{Permissions, read_dir, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn show(source: &Path, target: &Path) -> Result<()> {
    for entry in read_dir(source).step(|| "list the volume")?.flatten() {
        let _ = set_permissions(entry.path(), Permissions::from_mode(0o444));
    }
    let nothing = None::<&str>;
    mount(Some(source), target, nothing, MsFlags::MS_BIND, nothing).step(|| "bind the volume")
}
