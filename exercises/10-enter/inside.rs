//! Comes into a container that runs, by a pidfd.

use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

/// What the container has for itself.
const KINDS: CloneFlags = CloneFlags::CLONE_NEWCGROUP
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWUTS);

/// Comes into the container whose first process is `first`, and returns in there. The one that
/// has called this waits outside.
pub fn enter(first: Pid) -> Result<()> {
    // SAFETY: pidfd_open(2) takes two numbers.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, first.as_raw(), 0) };
    let opened = Errno::result(opened).step(|| format!("open a pidfd of {first}"))?;
    // SAFETY: the kernel returned this descriptor, and nobody else owns it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(opened as i32) };
    setns(&pidfd, KINDS).step(|| "join the container's namespaces")?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
