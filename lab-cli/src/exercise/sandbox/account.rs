//! How much a sandbox may use: chapter 6, one level further out.
//!
//! The cgroup is `lab/<id>`, like any container's, so `lab clean` knows it. For
//! exercises about cgroups it is *delegated*: the directories and the files by which
//! processes and controllers move belong to the sandbox's root, the limits stay ours.
//! cgroups(7), "Delegating a hierarchy".

use std::io::ErrorKind;
use std::os::unix::fs::chown;
use std::path::Path;

use cgroups::{Cgroup, LimitOptions};
use nix::errno::Errno;
use process::{Result, State, Step};

use super::Plan;
use super::users::Users;

/// What the owner of a delegated cgroup may write to, of v1 and of v2.
const DELEGATED: [&str; 5] =
    ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks", "cgroup.clone_children"];

/// Makes the cgroup and sets the limits. An ordinary user mostly may not, and has the
/// limits of a single process only.
///
/// # Errors
/// If it is not for a lack of permission.
pub fn open(plan: &Plan, state: &State) -> Result<Option<Cgroup>> {
    let limits = LimitOptions {
        memory: Some(plan.limits.memory),
        memory_swap: None,
        cpus: None,
        cpuset_cpus: None,
        pids_limit: Some(plan.limits.processes as i64),
        device_read_bps: Vec::new(),
        device_write_bps: Vec::new(),
    };
    match Cgroup::create(&limits, state) {
        Ok(cgroup) => Ok(Some(cgroup)),
        Err(error) => match error.errno() {
            Some(Errno::EACCES | Errno::EPERM | Errno::EROFS) => Ok(None),
            // No such controller on this host.
            None => Ok(None),
            _ => Err(error),
        },
    }
}

/// Gives the cgroup to the sandbox's root.
pub fn hand_over(cgroup: &Cgroup, users: &Users) -> Result<()> {
    let Some((uid, gid)) = users.root() else { return Ok(()) };
    let give = |path: &Path| match chown(path, Some(uid), Some(gid)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        given => given.step(|| format!("give {} to the sandbox", path.display())),
    };
    cgroup.directories().try_for_each(|dir| {
        give(dir)?;
        DELEGATED.iter().try_for_each(|file| give(&dir.join(file)))
    })
}
