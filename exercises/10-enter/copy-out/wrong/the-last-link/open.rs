//! Looks where the path itself leads, and follows that by hand. A link in the middle is followed by
//! the kernel, from outside.

use std::fs::{File, read_link};
use std::path::{Path, PathBuf};

use nix::unistd::Pid;
use process::{Result, Step};

pub fn open_inside(first: Pid, path: &Path) -> Result<File> {
    let root = PathBuf::from(format!("/proc/{first}/root"));
    let outside = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    let mut path = path.to_owned();
    while let Ok(target) = read_link(outside(&path)) {
        let dir = path.parent().unwrap_or(Path::new("/")).to_owned();
        path = dir.join(target);
        let mut parts = PathBuf::from("/");
        for part in path.components() {
            match part {
                std::path::Component::ParentDir => drop(parts.pop()),
                std::path::Component::Normal(name) => parts.push(name),
                _ => {}
            }
        }
        path = parts;
    }
    File::open(outside(&path)).step(|| format!("open {}", path.display()))
}
