//! Opens files of a container, from outside.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use process::{Result, Step};

/// Opens a file for reading, by a path of the container.
pub fn open_inside(first: Pid, path: &Path) -> Result<File> {
    let root = format!("/proc/{first}/root");
    let root = open(root.as_str(), OFlag::O_PATH | OFlag::O_DIRECTORY, Mode::empty())
        .step(|| format!("open {root}"))?;
    // The kernel takes this directory for the root, for this one look-up: each `/` and each `..`
    // on the way ends there.
    let how = OpenHow::new().flags(OFlag::O_RDONLY).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    let file = openat2(&root, path, how).step(|| format!("open {}", path.display()))?;
    Ok(File::from(file))
}
