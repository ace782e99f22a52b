//! Trying something for real, where it hurts nobody: in a child that ends at once.
//!
//! A namespace lives as long as somebody is in it. What is made in one, and nowhere
//! else, goes with its last process, whether that was successful, failed halfway or
//! was killed. So a trial needs no cleaning up.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::errno::Errno;
use nix::sched::unshare;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, getegid, geteuid, setpgid};
use process::{CloneFlags, Error, Result, Step};
use serde::{Deserialize, Serialize};

/// How long a trial may take; most take a few milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a trial failed: the step, and the kernel's answer where there was one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The error as it is told, `make a network namespace: operation not permitted`.
    pub text: String,
    errno: Option<i32>,
}

impl Refusal {
    /// The kernel's answer.
    pub fn errno(&self) -> Option<Errno> {
        self.errno.map(Errno::from_raw)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { text: error.to_string(), errno: error.errno().map(|errno| errno as i32) }
    }
}

/// Runs `attempt` in a child of its own, and returns what it answers.
///
/// The caller must have one thread only.
pub fn attempt<F>(attempt: F) -> Result<String, Refusal>
where
    F: FnOnce() -> Result<String>,
{
    let (mut answers, mut tell) = UnixStream::pair().step(|| "make a socket pair")?;
    match process::fork("fork a child")? {
        ForkResult::Child => {
            drop(answers);
            // A group of its own, for one signal to end also what it has started.
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            let answer: Result<String, Refusal> = attempt().map_err(Refusal::from);
            let _ = tell.write_all(&serde_json::to_vec(&answer).unwrap_or_default());
            process::exit_now(0)
        }
        ForkResult::Parent { child } => {
            drop(tell);
            let mut answer = Vec::new();
            let _ = answers.set_read_timeout(Some(DEADLINE));
            let read = answers.read_to_end(&mut answer);
            let _ = kill(Pid::from_raw(-child.as_raw()), Signal::SIGKILL);
            let _ = waitpid(child, None);
            read.step(|| "wait for an answer")?;
            serde_json::from_slice(&answer).unwrap_or_else(|_| Err(Error::new("no answer").into()))
        }
    }
}

/// In a trial: makes namespaces as this user has to, root with its power directly, everybody else in
/// a user namespace that is made first.
pub fn isolate(flags: CloneFlags) -> Result<()> {
    if !process::is_privileged() {
        enter_user_namespace()?;
    }
    unshare(flags).step(|| "make the namespace")
}

/// In a trial: becomes root of a new user namespace, and stays oneself outside of it.
pub fn enter_user_namespace() -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).step(|| "make a user namespace")?;
    // Who maps a group without being privileged first gives up setgroups(2), with
    // which it could drop a group that it is denied something by: user_namespaces(7).
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ] {
        std::fs::write(format!("/proc/self/{file}"), text)
            .step(|| format!("write the {file} of a user namespace"))?;
    }
    Ok(())
}
