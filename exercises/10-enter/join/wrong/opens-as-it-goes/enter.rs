//! Looks up the path of each namespace when it is needed. After the third one, /proc is another.

use std::fs::File;

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

pub fn enter(first: Pid) -> Result<()> {
    for kind in ["cgroup", "ipc", "mnt", "net", "pid", "uts"] {
        let path = format!("/proc/{first}/ns/{kind}");
        let file = File::open(&path).step(|| format!("open {path}"))?;
        setns(file, CloneFlags::empty()).step(|| format!("join {kind}"))?;
    }
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
