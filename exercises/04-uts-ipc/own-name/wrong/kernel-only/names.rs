//! Names the container for the kernel, and not for those who look names up.

use std::path::Path;

use nix::unistd::sethostname;
use process::{CloneFlags, Result, Step};

pub fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC
}

pub fn set(name: &str, _root: &Path, _files: &Path) -> Result<()> {
    sethostname(name).step(|| format!("set the host name {name}"))
}
