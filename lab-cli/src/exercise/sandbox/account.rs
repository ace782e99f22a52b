//! How much a sandbox may use: chapter 6, one level further out.
//!
//! The cgroup is `lab-<id>`, like any container's, so `lab clean` knows it. For
//! exercises about cgroups it is *delegated*: the directories and the files by which
//! processes and controllers move belong to the sandbox's root, the limits stay ours.
//! cgroups(7), "Delegating a hierarchy".

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::chown;
use std::path::Path;

use cgroups::{Cgroup, LimitOptions};
use nix::errno::Errno;
use process::{Result, State, Step};

use super::plan::Plan;
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
        pids_limit: Some(plan.limits.processes.into()),
        ..LimitOptions::default()
    };
    match Cgroup::create(&limits.resolve()?, state) {
        Ok(cgroup) => Ok(Some(cgroup)),
        Err(error) => match error.errno() {
            Some(Errno::EACCES | Errno::EPERM | Errno::EROFS) => Ok(None),
            // No such controller on this host.
            None => Ok(None),
            _ => Err(error),
        },
    }
}

/// Gives the cgroup to the sandbox's root, with all that it may want to limit.
pub fn hand_over(cgroup: &Cgroup, users: &Users) -> Result<()> {
    // v2: none of our own limits is one of processor time, so nobody may have handed that
    // controller down. Where nobody can, a runtime in there says so.
    for parent in cgroup.directories().filter_map(Path::parent) {
        let file = File::options().write(true).open(parent.join("cgroup.subtree_control"));
        let _ = file.and_then(|mut file| file.write_all(b"+cpu"));
    }
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
