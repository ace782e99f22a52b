//! A cgroup of the container: a directory, whose files are the limits.

#![allow(dead_code, reason = "your part is going to use it")]

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;

use nix::unistd::Pid;
use process::{Part, Result, Step};

use crate::trees::{self, Version};

/// A directory in the tree of one controller. Dropping it removes it.
#[derive(Debug)]
pub struct Cgroup {
    /// Its tree's generation.
    pub version: Version,
    dir: PathBuf,
}

impl Cgroup {
    /// Makes the cgroup `lab-ID`. Nothing is limited in it yet, and nobody is in.
    pub fn create(controller: &str, id: &str) -> Result<Self> {
        let (version, top) = trees::of(controller)?;
        let dir = top.join(format!("lab-{id}"));
        fs::create_dir(&dir).step(|| format!("make the cgroup {}", dir.display()))?;
        Ok(Self { version, dir })
    }

    /// Whether it has a file of that name, which depends on the kernel.
    pub fn has(&self, file: &str) -> bool {
        self.dir.join(file).exists()
    }

    /// Writes a value into one of its files.
    pub fn write(&self, file: &str, value: impl Display) -> Result<()> {
        let path = self.dir.join(file);
        fs::write(&path, value.to_string()).step(|| format!("write {value} to {}", path.display()))
    }

    /// Puts a process in; those that it forks from then on are born in here.
    pub fn join(&self, pid: Pid) -> Result<()> {
        self.write("cgroup.procs", pid)
    }
}

impl Part for Cgroup {}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.dir);
    }
}
