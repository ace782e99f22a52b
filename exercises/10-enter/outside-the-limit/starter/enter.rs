//! Comes into a container that runs.

use std::fs::File;

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

/// What the container has for itself. With `cgroup`, its limits hold for us as well.
const KINDS: [&str; 6] = ["cgroup", "ipc", "net", "uts", "pid", "mnt"];

/// Comes into the container whose first process is `first`, and returns in there.
pub fn enter(first: Pid) -> Result<()> {
    // All are opened before any is joined: from the mount namespace on, /proc is the container's.
    let open = |kind| {
        let path = format!("/proc/{first}/ns/{kind}");
        File::open(&path).step(|| format!("open {path}"))
    };
    let opened: Result<Vec<File>> = KINDS.into_iter().map(open).collect();
    for (kind, file) in KINDS.into_iter().zip(opened?) {
        setns(file, CloneFlags::empty()).step(|| format!("join the {kind} namespace"))?;
    }
    // This process has the number it had. Its children get one of the container's.
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
