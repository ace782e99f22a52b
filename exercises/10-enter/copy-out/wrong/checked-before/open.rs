//! Looks first whether the file lies below the root, as it is seen from outside: no absolute link
//! does. (And between the look and the open, it may be another one.)

use std::fs::{File, canonicalize};
use std::path::Path;

use nix::unistd::Pid;
use process::{Error, Result, Step};

pub fn open_inside(first: Pid, path: &Path) -> Result<File> {
    let root = format!("/proc/{first}/root");
    let path = Path::new(&root).join(path.strip_prefix("/").unwrap_or(path));
    let found = canonicalize(&path).step(|| format!("look at {}", path.display()))?;
    if !found.starts_with(&root) {
        return Err(Error::new(format!("{} is not in the container", path.display())));
    }
    File::open(&found).step(|| format!("open {}", found.display()))
}
