//! Joins the cgroup when it is inside, where there is no way to it: /proc and /sys are the
//! container's.

use std::fs::{self, File};

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

const KINDS: [&str; 6] = ["cgroup", "ipc", "net", "uts", "pid", "mnt"];

pub fn enter(first: Pid) -> Result<()> {
    let open = |kind| {
        let path = format!("/proc/{first}/ns/{kind}");
        File::open(&path).step(|| format!("open {path}"))
    };
    let opened: Result<Vec<File>> = KINDS.into_iter().map(open).collect();
    for (kind, file) in KINDS.into_iter().zip(opened?) {
        setns(file, CloneFlags::empty()).step(|| format!("join the {kind} namespace"))?;
    }
    join_cgroups(first)?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}

/// Moves this process into the cgroups of another one.
fn join_cgroups(of: Pid) -> Result<()> {
    let places = |pid| cgroups::of_process(pid);
    let (theirs, ours) = (places(of)?, places(Pid::this())?);
    for (place, own) in theirs.iter().zip(&ours).filter(|(place, own)| place.path != own.path) {
        let dir = place.dir().or_else(|| own.dir()).unwrap_or_default();
        let procs = dir.join("cgroup.procs");
        fs::write(&procs, "0").step(|| format!("write to {}", procs.display()))?;
    }
    Ok(())
}
