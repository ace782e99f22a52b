//! Looks it up from outside. An absolute link leads to the root of who follows it: the host's.

use std::fs::File;
use std::path::Path;

use nix::unistd::Pid;
use process::{Result, Step};

pub fn open_inside(first: Pid, path: &Path) -> Result<File> {
    let root = format!("/proc/{first}/root");
    let path = Path::new(&root).join(path.strip_prefix("/").unwrap_or(path));
    File::open(&path).step(|| format!("open {}", path.display()))
}
