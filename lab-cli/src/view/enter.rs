//! The helper: a process of ours that stands in the container's namespaces.
//!
//! ```text
//!   lab ── fork ──▶ helper
//!    │                │ setns: uts, ipc, net, cgroup (those that differ)
//!    │ looks around   │ looks around
//!    │◀──── JSON ─────┤ and is gone
//! ```
//!
//! What it does *not* enter matters as much. Not the PID namespace: it would use up a
//! process id in there and be seen. Not the mount namespace: it keeps the host's
//! `/proc`, and has the container's root as an open descriptor. It executes nothing,
//! loads nothing and writes nothing, so that the container cannot tell it was there.
//!
//! The container may well try to hold it up, with a file system that never answers.
//! So the helper tells what it has seen as it goes, and has a deadline.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getpid};
use process::Namespace;

use super::observe::{Surroundings, changes, look_around};
use super::row::Mark;
use super::side::Side;
use crate::child::Child;

/// It takes about a millisecond; a machine under load gets some more.
const DEADLINE: Duration = Duration::from_secs(1);

/// A helper under way.
#[must_use = "dropping the helper ends it unheard"]
#[derive(Debug)]
pub struct Helper {
    child: Child,
    deadline: Instant,
}

impl Helper {
    /// Sends a helper into the namespaces in which the container differs from us.
    ///
    /// # Errors
    /// If there is no process to be had.
    pub fn send(host: &Side, container: &Side) -> Result<Self> {
        let files = [host.process.as_fd(), container.process.as_fd()];
        let child = Child::start_alone("fork a helper", &files, |tell| {
            let entered = enter(host, container);
            let stands_in = |kind| entered.contains(&kind);
            // If lab no longer listens, there is nobody to tell.
            let publish = |seen: &Surroundings| drop(tell.say(seen));
            let mut seen = look_around(container, stands_in, publish);
            seen.changes = seen.ground.and_then(|it| changes::here(host, container, it));
            publish(&seen);
        })?;
        Ok(Self { child, deadline: Instant::now() + DEADLINE })
    }

    /// What the helper has seen, in full or as far as it came in time.
    pub fn report(mut self) -> Surroundings {
        let mut seen = Surroundings::default();
        // Each answer is the whole of what it has seen up to then.
        while let Some(more) = self.child.hear_until(self.deadline) {
            seen = more;
        }
        seen
    }
}

/// What `ask` answers when it stands in the namespaces of a process, and at the root of
/// its mount namespace, whatever root the process itself has.
///
/// # Errors
/// What `ask` says, or why it could not stand there.
pub fn standing_in(
    pid: Pid,
    ask: impl FnOnce() -> Result<String, String>,
) -> Result<String, String> {
    sent_into(pid, |host, container| {
        let mounts = container.process.file("ns/mnt", OFlag::O_RDONLY)?;
        let entered = enter(host, container);
        setns(mounts, CloneFlags::CLONE_NEWNS)?;
        if entered.contains(&Namespace::Net) { Ok(ask()) } else { Err(Errno::EPERM) }
    })
}

/// What `ask` answers when it stands in a copy of a process's mount namespace, with which it
/// may do as it likes. By the descriptor it comes back to the copy's root.
///
/// # Errors
/// What `ask` says, or why it could not stand there.
pub fn in_copy_of_mounts(
    pid: Pid,
    ask: impl FnOnce(BorrowedFd<'_>) -> Result<String, String>,
) -> Result<String, String> {
    sent_into(pid, |host, container| {
        let this = open("/proc/self", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        let owner = container.process.file("ns/user", OFlag::O_RDONLY)?;
        let mounts = container.process.file("ns/mnt", OFlag::O_RDONLY)?;
        // In a copy that has another owner, all mounts are locked: mount_namespaces(7).
        if host.compare(container, Namespace::User) != Some(Mark::Shared) {
            setns(owner, CloneFlags::CLONE_NEWUSER)?;
        }
        setns(mounts, CloneFlags::CLONE_NEWNS)?;
        unshare(CloneFlags::CLONE_NEWNS)?;
        let copy = openat(&this, "ns/mnt", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(ask(copy.as_fd()))
    })
}

/// What a helper answers that `go` has led into another process's namespaces.
fn sent_into(
    pid: Pid,
    go: impl FnOnce(&Side, &Side) -> nix::Result<Result<String, String>>,
) -> Result<String, String> {
    let send = || -> Result<Child> {
        let container = Side::of(pid)?;
        let host = Side::of(getpid())?;
        let files = [host.process.as_fd(), container.process.as_fd()];
        Ok(Child::start_alone("fork a helper", &files, |tell| {
            let answer = go(&host, &container).unwrap_or_else(|errno| {
                Err(format!("its namespaces cannot be entered: {}", errno.desc()))
            });
            let _ = tell.say(&answer);
        })?)
    };
    let mut helper = send().map_err(|error| error.to_string())?;
    let answer = helper.hear_until(Instant::now() + DEADLINE);
    answer.unwrap_or_else(|| Err("it did not answer in time".to_owned()))
}

/// Enters what it can, and returns in which of the container's namespaces we now are.
fn enter(host: &Side, container: &Side) -> Vec<Namespace> {
    let is_own = |kind| host.compare(container, kind) != Some(Mark::Shared);
    let open = |kind: Namespace| container.process.file(kind.file(), OFlag::O_RDONLY);
    let wanted = [Namespace::Uts, Namespace::Ipc, Namespace::Net, Namespace::Cgroup];
    let (own, mut here): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|kind| is_own(*kind));
    let own: Vec<_> = own.into_iter().map(|kind| (kind, open(kind))).collect();
    // Only who has CAP_SYS_ADMIN in a namespace's owner may enter it. Root has it
    // everywhere below; anybody else has it in a user namespace made by themselves,
    // once they are in it.
    if is_own(Namespace::User) && !process::is_privileged() {
        let _ = open(Namespace::User).and_then(|user| setns(user, CloneFlags::CLONE_NEWUSER));
    }
    here.extend(own.into_iter().filter_map(|(kind, namespace)| {
        namespace.and_then(|namespace| setns(namespace, kind.flag())).ok().map(|()| kind)
    }));
    here
}
