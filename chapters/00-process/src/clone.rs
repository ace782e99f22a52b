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
use nix::unistd::{ForkResult, geteuid, write};

use crate::sys::{self, Cloned};
use crate::{Error, MORE_POWER, Namespace, POWERLESS_ROOT, Result, Step, is_privileged};

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

/// Clones this process, which must have one thread.
///
/// # Errors
/// If it has more, or the kernel refuses, with what can be done about it.
pub fn clone(args: CloneArgs<'_>) -> Result<Cloned> {
    let refused = |errno| matches!(errno, Errno::ENOSYS | Errno::E2BIG);
    match sys::clone3(args.flags, args.cgroup) {
        // A kernel before 5.3, or a sandbox (older Dockers, gVisor) without clone3.
        Err(errno) if refused(errno) => {}
        cloned => return cloned.map_err(|errno| explain(step(args.flags), errno)),
    }
    let cloned = sys::clone(args.flags).map_err(|errno| explain(step(args.flags), errno))?;
    if let (Cloned::Child, Some(cgroup)) = (&cloned, args.cgroup) {
        join(cgroup).step(|| "join the cgroup").unwrap_or_else(|_| sys::exit_now(125));
    }
    Ok(cloned)
}

/// `fork(2)`: the same without anything new, by a process that must have one thread.
///
/// # Errors
/// As [`clone`]; `step` names what was attempted.
pub fn fork(step: &str) -> Result<ForkResult> {
    sys::fork().map_err(|errno| explain(step.to_owned(), errno))
}

/// Moves this process into a cgroup v2 directory. "0" means whoever writes it.
fn join(cgroup: BorrowedFd<'_>) -> nix::Result<()> {
    let procs = openat(cgroup, "cgroup.procs", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    write(procs.as_fd(), b"0").map(drop)
}

fn explain(step: String, errno: Errno) -> Error {
    if errno == Errno::EDEADLK {
        return Error::new(format!("{step}: this program has more than one thread")).with_hint(
            "a lock that another thread holds would never be released in the new process: \
             end the other threads first",
        );
    }
    let error = Error::from_errno(step, errno);
    match errno {
        Errno::EPERM if geteuid().is_root() && !is_privileged() => {
            error.with_hint(format!("{POWERLESS_ROOT}: {MORE_POWER}"))
        }
        Errno::EPERM => error.with_hint("making namespaces needs root: run it with sudo"),
        Errno::EINVAL => error.with_hint("this kernel lacks one of these namespaces"),
        Errno::ENOSPC => error.with_hint("a limit in /proc/sys/user/max_*_namespaces was reached"),
        // Both are of the cgroup that it shall be born in.
        Errno::EBUSY => error.with_hint(
            "that cgroup has others below it by now, and hands controllers down: such a one \
             takes no processes, cgroups(7)",
        ),
        Errno::EACCES => error.with_hint(
            "that cgroup is another session's: try it where the container was started from",
        ),
        Errno::EAGAIN => error.with_hint("the process limit (ulimit -u, pids.max) was reached"),
        _ => error,
    }
}

/// `clone a process with new pid, mnt namespaces`, for messages.
fn step(flags: CloneFlags) -> String {
    let asked = Namespace::ALL.into_iter().filter(|kind| flags.contains(kind.flag()));
    let asked: Vec<_> = asked.map(Namespace::name).collect();
    match asked.as_slice() {
        [] => "clone a process".to_owned(),
        [one] => format!("clone a process with a new {one} namespace"),
        many => format!("clone a process with new {} namespaces", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Process};

    fn hint_of(refused: Result<Cloned>) -> String {
        match refused {
            Ok(Cloned::Child) => sys::exit_now(1),
            Ok(Cloned::Parent(..)) => "it was cloned".to_owned(),
            Err(error) => format!("{error}: {}", error.hint().unwrap_or_default()),
        }
    }

    /// Each test runs in a thread of its own, beside the first one.
    #[test]
    fn a_program_with_a_second_thread_is_not_copied() {
        let refused = "this program has more than one thread: a lock that another thread holds";
        let said = hint_of(clone(CloneFlags::CLONE_NEWPID.into()));
        assert!(said.starts_with(&format!("clone a process with a new pid namespace: {refused}")));
        let said = match fork("fork a helper") {
            Ok(ForkResult::Child) => sys::exit_now(1),
            forked => forked.expect_err("a refusal"),
        };
        assert_eq!(said.to_string(), "fork a helper: this program has more than one thread");
        let command = Command {
            name: None,
            argv: vec!["true".into()],
            env: Vec::new(),
            workdir: None,
            user: None,
        };
        let said = Process::create(CloneFlags::empty(), &command, |_| Ok(()), || Ok(()));
        let said = said.expect_err("a refusal");
        assert_eq!(said.to_string(), "clone a process: this program has more than one thread");
    }

    #[test]
    fn a_clone_shares_neither_memory_nor_descriptors() {
        for flag in [CloneFlags::CLONE_VM, CloneFlags::CLONE_FILES, CloneFlags::CLONE_THREAD] {
            let said = hint_of(clone(flag.into()));
            assert!(said.starts_with("clone a process: invalid argument"), "{said}");
        }
    }
}
