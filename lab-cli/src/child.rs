//! A child process of ours that tells what it finds, and is ended when nobody listens.
//!
//! ```text
//!   lab ── fork ──▶ child, with its parent's memory as it is now
//!    │                │ does what lab must not do in its own place: enters namespaces,
//!    │◀── a line of ──┤ waits for file systems that may never answer, dies of it
//!    │    JSON each   │
//!    ▼                ▼ is gone, or is killed when the time is over
//! ```
//!
//! `lab` has one thread, and must not have more when it clones. So whatever it does at the
//! same time, and whatever might hang, is done by one of these.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};
use process::child::wait_for;
use process::{ExitStatus, Result, Step, exit_now};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sys;

/// How long to wait for a killed process, which a hung file system can keep alive.
const LAST_BREATH: Duration = Duration::from_millis(100);

/// A child under way.
#[must_use = "dropping the child ends it unheard"]
#[derive(Debug)]
pub struct Child {
    /// `None` once it has been waited for: the number may be another process's then.
    pid: Option<Pid>,
    answers: BufReader<UnixStream>,
}

/// What a child tells its parent by.
#[derive(Debug)]
pub struct Tell(UnixStream);

impl Child {
    /// Forks a child that lives this `life`, with all that we have open.
    ///
    /// # Errors
    /// If there is no process to be had, or this one has more than one thread.
    pub fn start(step: &str, life: impl FnOnce(&Tell)) -> Result<Self> {
        let (answers, tell) = pair()?;
        match process::fork(step)? {
            ForkResult::Parent { child } => Ok(Self::new(child, answers)),
            ForkResult::Child => {
                die_with_parent();
                life(&tell);
                exit_now(0)
            }
        }
    }

    /// The same without any descriptor but those in `keep`. One that hangs must hold nothing
    /// of ours up: not the lock on a container's record, not a pipe that somebody reads to
    /// its end.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub fn start_alone(
        step: &str,
        keep: &[BorrowedFd<'_>],
        life: impl FnOnce(&Tell),
    ) -> Result<Self> {
        let (answers, tell) = pair()?;
        let keep = [keep, &[tell.0.as_fd()]].concat();
        let child = sys::fork_off(step, &keep, || {
            die_with_parent();
            life(&tell);
        })?;
        Ok(Self::new(child, answers))
    }

    fn new(pid: Pid, answers: UnixStream) -> Self {
        Self { pid: Some(pid), answers: BufReader::new(answers) }
    }

    /// Waits for the next answer; `None` if the child ends first, or talks nonsense.
    pub fn hear<T: DeserializeOwned>(&mut self) -> Option<T> {
        // It writes whole lines. A cut one is of a child that died.
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }

    /// The same, up to a deadline.
    pub fn hear_until<T: DeserializeOwned>(&mut self, deadline: Instant) -> Option<T> {
        let left = deadline.saturating_duration_since(Instant::now());
        // Zero would mean "for ever".
        let timeout = left.max(Duration::from_millis(1));
        self.answers.get_ref().set_read_timeout(Some(timeout)).ok()?;
        self.hear()
    }

    /// Whether an answer has arrived that poll(2) does not know of any more.
    pub fn has_answered(&self) -> bool {
        !self.answers.buffer().is_empty()
    }

    /// Waits for the child's end.
    ///
    /// # Errors
    /// If it has been waited for.
    pub fn wait(mut self) -> nix::Result<ExitStatus> {
        self.pid.take().map_or(Err(nix::errno::Errno::ECHILD), wait_for)
    }
}

impl AsFd for Child {
    /// What can be read when there is an answer, or none will come.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.answers.get_ref().as_fd()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let Some(pid) = self.pid else { return };
        // With its process group, if it leads one: with whatever it has started.
        let _ = kill(Pid::from_raw(-pid.as_raw()), Signal::SIGKILL);
        let _ = kill(pid, Signal::SIGKILL);
        let end = Instant::now() + LAST_BREATH;
        // A process that waits for a FUSE answer cannot even be killed. It is left to
        // die when it can, rather than to hold us up as well.
        while waitpid(pid, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive)
            && Instant::now() < end
        {
            sleep(Duration::from_micros(50));
        }
    }
}

impl Tell {
    /// One line of JSON, in one piece.
    ///
    /// # Errors
    /// If nobody listens any more.
    pub fn say<T: Serialize>(&self, answer: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        (&self.0).write_all(&line)
    }
}

fn pair() -> Result<(UnixStream, Tell)> {
    let (answers, tell) = UnixStream::pair().step(|| "make a socket pair")?;
    Ok((answers, Tell(tell)))
}

/// Should lab be killed meanwhile, nobody else would end its children.
fn die_with_parent() {
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
}
