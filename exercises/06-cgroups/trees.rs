//! Where the cgroups of a controller are: in a tree of its own (v1), or in the one tree
//! of all (v2). Many hosts have both, each with a part of the controllers.

use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};

/// The generation of a tree: the files of the two have different names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A tree for each controller.
    V1,
    /// One tree for all.
    V2,
}

/// The top of the tree that `controller` is in.
pub fn of(controller: &str) -> Result<(Version, PathBuf)> {
    let all = Path::new("/sys/fs/cgroup");
    let own = all.join(controller);
    if own.join("cgroup.procs").exists() {
        return Ok((Version::V1, own));
    }
    let offered = fs::read_to_string(all.join("cgroup.controllers")).unwrap_or_default();
    if !offered.split_whitespace().any(|offer| offer == controller) {
        return Err(Error::new(format!("this host has no cgroup controller {controller}")));
    }
    // A cgroup of v2 has the files of those controllers that the one above hands down.
    fs::write(all.join("cgroup.subtree_control"), format!("+{controller}"))
        .step(|| format!("enable {controller} below {}", all.display()))?;
    Ok((Version::V2, all.to_owned()))
}
