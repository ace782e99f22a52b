//! Takes all files of the directory, and stops at the user namespace, in which it is already.

use std::fs::File;

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

pub fn enter(first: Pid) -> Result<()> {
    let dir = format!("/proc/{first}/ns");
    let entries = std::fs::read_dir(&dir).step(|| format!("list {dir}"))?;
    let opened: Vec<File> =
        entries.flatten().filter_map(|entry| File::open(entry.path()).ok()).collect();
    for file in opened {
        setns(file, CloneFlags::empty()).step(|| "join a namespace")?;
    }
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
