//! A copy in a file system of its own. What the host writes afterwards is not in it.

use std::fs;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn show(source: &Path, target: &Path) -> Result<()> {
    mount(Some("tmpfs"), target, Some("tmpfs"), MsFlags::empty(), None::<&str>)
        .step(|| "mount a tmpfs")?;
    for entry in fs::read_dir(source).step(|| "list the volume")?.flatten() {
        if entry.path().is_file() {
            fs::copy(entry.path(), target.join(entry.file_name())).step(|| "copy a file")?;
        }
    }
    let nothing = None::<&str>;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    mount(nothing, target, nothing, flags, nothing).step(|| "make it read-only")
}
