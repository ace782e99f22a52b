//! Making the process: `clone3(2)`.
//!
//! `fork` gives the child a copy of everything; `clone` also takes flags for what
//! it shall *not* share with its parent, and each `CLONE_NEW…` flag is one kind of
//! namespace: that is where every later chapter begins. We ask for a *pidfd* in the
//! same call, a descriptor that means this process and no later one with its number.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::write;

use crate::sys::{self, Cloned};
use crate::{Error, Result, Step};

/// What the new process shall have of its own: the arguments of `clone3`.
#[derive(Clone, Copy, Debug)]
pub struct CloneArgs<'a> {
    /// The namespaces to make, such as `CLONE_NEWPID | CLONE_NEWNS`.
    pub flags: CloneFlags,
    /// A cgroup v2 directory in which the process is born.
    pub cgroup: Option<BorrowedFd<'a>>,
}

impl From<CloneFlags> for CloneArgs<'_> {
    fn from(flags: CloneFlags) -> Self {
        Self { flags, cgroup: None }
    }
}

/// Clones this process. The caller must have one thread only.
///
/// # Errors
/// If the kernel refuses, with what can be done about it.
pub fn clone(args: CloneArgs<'_>) -> Result<Cloned> {
    let refused = |errno| matches!(errno, Errno::ENOSYS | Errno::E2BIG);
    match sys::clone3(args.flags, args.cgroup) {
        // A kernel before 5.3, or a sandbox (older Dockers, gVisor) without clone3.
        Err(errno) if refused(errno) => {}
        cloned => return cloned.map_err(|errno| explain(args.flags, errno)),
    }
    let cloned = sys::clone(args.flags).map_err(|errno| explain(args.flags, errno))?;
    if let (Cloned::Child, Some(cgroup)) = (&cloned, args.cgroup) {
        join(cgroup).step(|| "join the cgroup").unwrap_or_else(|_| sys::exit_now(125));
    }
    Ok(cloned)
}

/// Moves this process into a cgroup v2 directory. "0" means whoever writes it.
fn join(cgroup: BorrowedFd<'_>) -> nix::Result<()> {
    let procs = openat(cgroup, "cgroup.procs", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    write(procs.as_fd(), b"0").map(drop)
}

fn explain(flags: CloneFlags, errno: Errno) -> Error {
    let error = Error::from_errno(format!("clone a process with {}", names(flags)), errno);
    match errno {
        Errno::EPERM => error.hint("making namespaces needs root: run it with sudo"),
        Errno::EINVAL => error.hint("this kernel lacks one of these namespaces"),
        Errno::ENOSPC => error.hint("a limit in /proc/sys/user/max_*_namespaces was reached"),
        Errno::EAGAIN => error.hint("the process limit (ulimit -u, pids.max) was reached"),
        _ => error,
    }
}

/// `new pid, mnt namespaces`, for messages.
fn names(flags: CloneFlags) -> String {
    let kinds = [
        (CloneFlags::CLONE_NEWUSER, "user"),
        (CloneFlags::CLONE_NEWPID, "pid"),
        (CloneFlags::CLONE_NEWNS, "mnt"),
        (CloneFlags::CLONE_NEWUTS, "uts"),
        (CloneFlags::CLONE_NEWIPC, "ipc"),
        (CloneFlags::CLONE_NEWNET, "net"),
        (CloneFlags::CLONE_NEWCGROUP, "cgroup"),
    ];
    let asked: Vec<_> =
        kinds.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect();
    match asked.as_slice() {
        [] => "no new namespaces".to_owned(),
        [one] => format!("a new {one} namespace"),
        many => format!("new {} namespaces", many.join(", ")),
    }
}
