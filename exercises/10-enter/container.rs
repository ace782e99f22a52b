//! A container that runs already, and the program of somebody who comes later.

#![allow(dead_code, reason = "not every exercise needs all of it")]

use std::ffi::CString;
use std::path::Path;

use cgroups::Cgroup;
use mount_ns::Root;
use nix::sched::unshare;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execvp, fork, sethostname};
use process::{
    CloneArgs, CloneFlags, Command, Process, Result, Step, Steps, User, c_string, exit_now,
};

/// What is of the container's own. Users and clocks are the host's.
const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWNET);

/// Starts it, in a cgroup if there is one. Its first process sleeps.
pub fn start(
    root: &Path,
    hostname: &str,
    command: &Command,
    cgroup: Option<&Cgroup>,
) -> Result<Process> {
    start_confined(root, hostname, command, cgroup, User::become_it)
}

/// The same, and its last step before the exec is chosen.
pub fn start_confined(
    root: &Path,
    hostname: &str,
    command: &Command,
    cgroup: Option<&Cgroup>,
    become_user: impl FnOnce(&User) -> Result<()>,
) -> Result<Process> {
    let sleep = Command { argv: vec!["sleep".into(), "1000".into()], ..command.clone() };
    let parent = |_| Ok(Vec::new());
    let child = |_| {
        match cgroup {
            Some(cgroup) => cgroup.enter()?,
            None => unshare(CloneFlags::CLONE_NEWCGROUP).step(|| "make a cgroup namespace")?,
        }
        sethostname(hostname).step(|| "set the host name")?;
        mount_ns::isolate()?;
        let root = Root::bind(root)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)
    };
    let args = CloneArgs { flags: NAMESPACES, cgroup: cgroup.and_then(Cgroup::fd) };
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(args, &sleep, steps)?;
    process.start()?;
    Ok(process)
}

/// Runs a program of its own, as in another terminal: it comes in by `enter`, and becomes the
/// command. Returns its exit code.
pub fn later(command: &Command, enter: impl FnOnce() -> Result<()>) -> Result<u8> {
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the program that comes later")? {
        ForkResult::Child => match enter().and_then(|()| execute(command)) {
            Ok(()) => exit_now(125),
            Err(error) => {
                eprintln!("error: {error}");
                exit_now(125)
            }
        },
        ForkResult::Parent { child } => code_of(child),
    }
}

fn execute(command: &Command) -> Result<()> {
    let words: Result<Vec<CString>> = command.argv.iter().cloned().map(c_string).collect();
    let words = words?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .step(|| "unblock all signals")?;
    execvp(&words[0], &words).map(|_| ()).step(|| "execute the command")
}

/// Waits for the end of a child, and says its exit code.
pub fn code_of(child: Pid) -> Result<u8> {
    match waitpid(child, None).step(|| "wait for the command")? {
        WaitStatus::Exited(_, code) => Ok(code as u8),
        WaitStatus::Signaled(_, signal, _) => Ok(128 + signal as u8),
        _ => Ok(125),
    }
}
