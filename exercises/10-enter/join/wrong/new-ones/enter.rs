//! Makes namespaces of the same kinds. They are the container's as little as the host's are.

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{ForkResult, Pid, chdir, chroot, fork, sethostname};
use process::{Result, Step, exit_now};

use crate::container::code_of;

pub fn enter(first: Pid) -> Result<()> {
    let root = format!("/proc/{first}/root");
    let flags = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET;
    unshare(flags).step(|| "make namespaces")?;
    sethostname("web").step(|| "set the host name")?;
    chroot(root.as_str()).step(|| format!("chroot to {root}"))?;
    chdir("/").step(|| "change to /")?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}
