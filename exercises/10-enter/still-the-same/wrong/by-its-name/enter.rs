//! Compares what does not tell them apart: the name of the program.

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, fork};
use process::{Error, Result, Step, exit_now};

use crate::container::code_of;
use crate::{Record, kernel};

/// What the container has for itself.
const KINDS: CloneFlags = CloneFlags::CLONE_NEWCGROUP
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWUTS);

/// Comes into the container, and returns in there. The one that has called this waits outside.
pub fn enter(record: &Record) -> Result<()> {
    let pidfd = kernel::open(record.pid)?;
    let name = std::fs::read_to_string(format!("/proc/{}/comm", record.pid));
    if name.step(|| "read its name")?.trim() != "sleep" {
        return Err(Error::new("the container has ended"));
    }
    setns(&pidfd, KINDS).step(|| "join the container's namespaces")?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
