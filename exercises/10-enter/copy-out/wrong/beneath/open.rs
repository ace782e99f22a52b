//! Never gets out, and never gets to where an absolute link leads either.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use process::{Result, Step};

pub fn open_inside(first: Pid, path: &Path) -> Result<File> {
    let root = format!("/proc/{first}/root");
    let root = open(root.as_str(), OFlag::O_PATH | OFlag::O_DIRECTORY, Mode::empty())
        .step(|| format!("open {root}"))?;
    let path = path.strip_prefix("/").unwrap_or(path);
    let how = OpenHow::new().flags(OFlag::O_RDONLY).resolve(ResolveFlag::RESOLVE_BENEATH);
    let file = openat2(&root, path, how).step(|| format!("open {}", path.display()))?;
    Ok(File::from(file))
}
