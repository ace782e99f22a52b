//! The cgroups of a container: made, filled, and removed in the end.

use std::fs;
use std::path::PathBuf;

use nix::unistd::Pid;
use process::{Error, Outcome, Part, Result, Step};

use crate::trees;

/// Its directories: one in the tree of each controller, which may be the same tree.
/// Dropping it removes them.
#[derive(Debug)]
pub struct Cgroup {
    dirs: Vec<PathBuf>,
}

impl Cgroup {
    /// Makes the cgroups `lab-ID` of some controllers.
    pub fn create(controllers: &[&str], id: &str) -> Result<Self> {
        let mut cgroup = Self { dirs: Vec::new() };
        for controller in controllers {
            let dir = trees::of(controller)?.join(format!("lab-{id}"));
            if !cgroup.dirs.contains(&dir) {
                fs::create_dir(&dir).step(|| format!("make the cgroup {}", dir.display()))?;
                cgroup.dirs.push(dir);
            }
        }
        Ok(cgroup)
    }

    /// Writes a value into one of the files, in whichever directory it is.
    pub fn write(&self, file: &str, value: u64) -> Result<()> {
        let mut paths = self.dirs.iter().map(|dir| dir.join(file));
        let path = paths.find(|path| path.exists());
        let path = path.ok_or_else(|| Error::new(format!("no cgroup has a file {file}")))?;
        fs::write(&path, value.to_string()).step(|| format!("write to {}", path.display()))
    }

    /// Puts a process in.
    pub fn join(&self, pid: Pid) -> Result<()> {
        self.dirs.iter().try_for_each(|dir| {
            fs::write(dir.join("cgroup.procs"), pid.to_string())
                .step(|| format!("join {}", dir.display()))
        })
    }
}

impl Part for Cgroup {
    fn report(&self, _outcome: &mut Outcome) -> Result<()> {
        // Not called for a container that has never started.
        self.dirs.iter().try_for_each(fs::remove_dir).step(|| "remove the cgroup")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {}
}
