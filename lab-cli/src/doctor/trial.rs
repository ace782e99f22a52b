//! Trying something for real, where it hurts nobody: in a child that ends at once.
//!
//! A namespace lives as long as somebody is in it. All that is made in it, and nowhere
//! else, goes with its last process, whether that was successful, failed halfway or was
//! killed. So a trial needs no cleaning up.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::unshare;
use nix::unistd::{Pid, getegid, geteuid, setpgid};
use process::{CloneFlags, Error, Result, Step};
use serde::{Deserialize, Serialize};
use user_ns::maps::{Kind, Map, deny_setgroups};

use crate::child::Child;

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
    let mut child = Child::start("fork a child", |tell| {
        // A group of its own, for one signal to end also what it has started.
        let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
        let answer: Result<String, Refusal> = attempt().map_err(Refusal::from);
        let _ = tell.say(&answer);
    })?;
    let answer = child.hear_until(Instant::now() + DEADLINE);
    answer.unwrap_or_else(|| Err(Error::new("no answer").into()))
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
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER).step(|| "make a user namespace")?;
    deny_setgroups("self")?;
    Map::range(uid, 1).write(Kind::Uid, "self")?;
    Map::range(gid, 1).write(Kind::Gid, "self")
}
