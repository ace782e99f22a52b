//! Comes into a container of which there is a record.

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
    // From here on it is one process that we mean, and not a number.
    let pidfd = kernel::open(record.pid)?;
    // Which one? If the number has not been given away until now, it was not when we opened it.
    if kernel::started(record.pid)? != record.started {
        return Err(Error::new("the container has ended"));
    }
    setns(&pidfd, KINDS).step(|| "join the container's namespaces")?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
