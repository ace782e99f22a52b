//! Puts the container's first process where it is, once more.

use std::fs::{self, File};

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

const KINDS: [&str; 6] = ["cgroup", "ipc", "net", "uts", "pid", "mnt"];

pub fn enter(first: Pid) -> Result<()> {
    for place in cgroups::of_process(first)? {
        let procs = place.dir().unwrap_or_default().join("cgroup.procs");
        let _ = fs::write(procs, first.to_string());
    }
    let open = |kind| {
        let path = format!("/proc/{first}/ns/{kind}");
        File::open(&path).step(|| format!("open {path}"))
    };
    let opened: Result<Vec<File>> = KINDS.into_iter().map(open).collect();
    for (kind, file) in KINDS.into_iter().zip(opened?) {
        setns(file, CloneFlags::empty()).step(|| format!("join the {kind} namespace"))?;
    }
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
