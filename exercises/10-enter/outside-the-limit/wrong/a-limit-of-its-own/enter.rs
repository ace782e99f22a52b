//! Reads how many processes there may be, and limits itself to so many: these are counted
//! beside the others.

use std::fs::File;

use nix::sched::{CloneFlags, setns};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

const KINDS: [&str; 6] = ["cgroup", "ipc", "net", "uts", "pid", "mnt"];

pub fn enter(first: Pid) -> Result<()> {
    let limit = cgroups::limits_of(first)?.pids_limit.unwrap_or(u64::MAX);
    setrlimit(Resource::RLIMIT_NPROC, limit, limit).step(|| "set a limit")?;
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
