//! Writes the name into the image, where the next container will find it.

use std::fs;
use std::path::Path;

use nix::unistd::sethostname;
use process::{CloneFlags, Result, Step};

pub fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC
}

pub fn set(name: &str, root: &Path, _files: &Path) -> Result<()> {
    sethostname(name).step(|| format!("set the host name {name}"))?;
    fs::write(root.join("etc/hosts"), format!("127.0.1.1 {name}\n")).step(|| "write hosts")
}
