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

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};
use process::Step;

use super::observe::{Surroundings, changes, look_around};
use super::row::Mark;
use super::side::Side;
use crate::namespace::Kind;
use crate::sys;

/// It takes about a millisecond; a machine under load gets some more.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long to wait for a killed process, which a hung file system can keep alive.
const LAST_BREATH: Duration = Duration::from_millis(100);

/// A helper under way.
#[must_use = "dropping the helper ends it unheard"]
#[derive(Debug)]
pub struct Helper {
    pid: Pid,
    answers: UnixStream,
    deadline: Instant,
}

impl Helper {
    /// Sends a helper into the namespaces in which the container differs from us.
    ///
    /// # Errors
    /// If there is no process to be had.
    pub fn send(host: &Side, container: &Side) -> Result<Self> {
        let (answers, tell) = UnixStream::pair().step(|| "make a socket pair")?;
        // A helper that hangs must hold nothing of lab's up: not the lock on the container's
        // record, not the pipe that somebody reads to its end.
        let files = [tell.as_fd(), host.process.as_fd(), container.process.as_fd()];
        let pid = sys::fork_off("fork a helper", &files, || {
            // Should lab be killed meanwhile, nobody else would end us.
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            let entered = enter(host, container);
            let stands_in = |kind| entered.contains(&kind);
            let mut seen = look_around(container, stands_in, |seen| publish(&tell, seen));
            seen.changes = seen.ground.and_then(|it| changes::here(host, container, it));
            publish(&tell, &seen);
        })?;
        Ok(Self { pid, answers, deadline: Instant::now() + DEADLINE })
    }

    /// What the helper has seen, in full or as far as it came in time.
    pub fn report(self) -> Surroundings {
        let mut seen = Surroundings::default();
        let mut answers = BufReader::new(&self.answers);
        let mut line = String::new();
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            // Zero would mean "for ever".
            let timeout = left.max(Duration::from_millis(1));
            let _ = self.answers.set_read_timeout(Some(timeout));
            match answers.read_line(&mut line) {
                Ok(0) | Err(_) => return seen, // done, or late
                // Each line is the whole of what it has seen up to then.
                Ok(_) => seen = serde_json::from_str(&line).unwrap_or(seen),
            }
            line.clear();
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.answers.shutdown(Shutdown::Both);
        let _ = kill(self.pid, Signal::SIGKILL);
        let end = Instant::now() + LAST_BREATH;
        // A process that waits for a FUSE answer cannot even be killed. It is left to
        // die when it can, rather than to hold us up as well.
        while waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive)
            && Instant::now() < end
        {
            sleep(Duration::from_micros(50));
        }
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
        if entered.contains(&Kind::Net) { Ok(ask()) } else { Err(Errno::EPERM) }
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
        if host.compare(container, Kind::User) != Some(Mark::Shared) {
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
    let send = || -> Result<(UnixStream, Pid)> {
        let container = Side::of(pid)?;
        let host = Side::of(getpid())?;
        let (answers, tell) = UnixStream::pair().step(|| "make a socket pair")?;
        let files = [tell.as_fd(), host.process.as_fd(), container.process.as_fd()];
        let pid = sys::fork_off("fork a helper", &files, || {
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            let answer = go(&host, &container).unwrap_or_else(|errno| {
                Err(format!("its namespaces cannot be entered: {}", errno.desc()))
            });
            let _ = (&tell).write_all(&serde_json::to_vec(&answer).unwrap_or_default());
        })?;
        Ok((answers, pid))
    };
    let (answers, pid) = send().map_err(|error| error.to_string())?;
    let helper = Helper { pid, answers, deadline: Instant::now() + DEADLINE };
    let _ = helper.answers.set_read_timeout(Some(DEADLINE));
    let mut text = String::new();
    let read = BufReader::new(&helper.answers).read_line(&mut text);
    match read.map(|_| serde_json::from_str(&text)) {
        Ok(Ok(answer)) => answer,
        _ => Err("it did not answer in time".to_owned()),
    }
}

/// One line of JSON. If lab no longer listens, there is nobody to tell.
fn publish(mut tell: &UnixStream, seen: &Surroundings) {
    if let Ok(mut line) = serde_json::to_vec(seen) {
        line.push(b'\n');
        let _ = tell.write_all(&line);
    }
}

/// Enters what it can, and returns in which of the container's namespaces we now are.
fn enter(host: &Side, container: &Side) -> Vec<Kind> {
    let is_own = |kind| host.compare(container, kind) != Some(Mark::Shared);
    let open = |kind: Kind| container.process.file(&format!("ns/{}", kind.name()), OFlag::O_RDONLY);
    let wanted = [
        (Kind::Uts, CloneFlags::CLONE_NEWUTS),
        (Kind::Ipc, CloneFlags::CLONE_NEWIPC),
        (Kind::Net, CloneFlags::CLONE_NEWNET),
        (Kind::Cgroup, CloneFlags::CLONE_NEWCGROUP),
    ];
    let (shared, own): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(kind, _)| !is_own(*kind));
    let open_own: Vec<(Kind, CloneFlags, nix::Result<OwnedFd>)> =
        own.into_iter().map(|(kind, flag)| (kind, flag, open(kind))).collect();
    // Only who has CAP_SYS_ADMIN in a namespace's owner may enter it. Root has it
    // everywhere below; anybody else has it in a user namespace made by themselves,
    // once they are in it.
    if is_own(Kind::User) && !process::is_privileged() {
        let _ = open(Kind::User).and_then(|user| setns(user, CloneFlags::CLONE_NEWUSER));
    }
    let entered = open_own.into_iter().filter_map(|(kind, flag, namespace)| {
        namespace.and_then(|namespace| setns(namespace, flag)).ok().map(|()| kind)
    });
    shared.into_iter().map(|(kind, _)| kind).chain(entered).collect()
}
