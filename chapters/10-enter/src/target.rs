//! The process that is joined: a container's first one, or any other of the host.
//!
//! A process ends when it likes, and another one gets its number. So it is held by two
//! descriptors, which mean this process for ever: a *pidfd*, pidfd_open(2), is what setns(2)
//! joins by, and its directory in /proc is where the kernel tells what it has. All of its
//! files are opened through that directory, and never by a path:
//!
//! ```text
//!   /proc/4711/           opened once
//!     status cgroup …     what it has, in words
//!     ns/                 its namespaces
//!     root                its root directory, whatever that is called here
//! ```
//!
//! A container that is still held before its command has more than the command will have,
//! and is not joined.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{FileStat, Mode, fstatat};
use nix::unistd::Pid;
use process::record::{Recorded, Running};
use process::{Error, Result, Step, kernel_file, pidfd_open};
use serde::de::DeserializeOwned;

/// What the first process of a container is called until it is the command.
const HELD: &[u8] = b"lab:held";

/// What the kernel says of a process that has forked and executed nothing: linux/sched.h.
const PF_FORKNOEXEC: u32 = 0x40;

/// A process whose things another one shall have.
#[derive(Debug)]
pub struct Target {
    pid: Pid,
    pidfd: OwnedFd,
    directory: OwnedFd,
    recorded: Option<Recorded>,
}

impl Target {
    /// The first process of a container of ours.
    ///
    /// # Errors
    /// If it has ended.
    pub fn of(container: &Running) -> Result<Self> {
        let target = Self::held(container.pid, container.pidfd()?, Some(container.recorded()?))?;
        if target.is_held()? {
            let message = format!("container {} has not started yet", container.id);
            return Err(Error::new(message).with_exit_code(Error::REFUSED));
        }
        Ok(target)
    }

    /// Any process of the host, whoever has made it.
    ///
    /// # Errors
    /// If there is none of this number.
    pub fn of_pid(pid: Pid) -> Result<Self> {
        let pidfd = match pidfd_open(pid) {
            Err(Errno::ESRCH) => return Err(gone(pid)),
            opened => opened.step(|| format!("open a pidfd of process {pid}"))?,
        };
        Self::held(pid, pidfd, None)
    }

    fn held(pid: Pid, pidfd: OwnedFd, recorded: Option<Recorded>) -> Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = match open(format!("/proc/{pid}").as_str(), flags, Mode::empty()) {
            Err(Errno::ENOENT) => return Err(gone(pid)),
            opened => opened.step(|| format!("open /proc/{pid}"))?,
        };
        let target = Self { pid, pidfd, directory, recorded };
        // As long as it lives, nobody else has its number: so both are of the same process.
        if target.has_ended()? { Err(gone(pid)) } else { Ok(target) }
    }

    /// Whether it is not the command yet. That one can call itself as it likes; but it has come by
    /// an exec, and the flags know: the 9th field of proc_pid_stat(5), the 7th after the name.
    fn is_held(&self) -> Result<bool> {
        let stat = self.read("stat")?;
        let name = stat.iter().position(|byte| *byte == b'(').map_or(0, |at| at + 1);
        let end = stat.iter().rposition(|byte| *byte == b')').unwrap_or(name);
        let fields = String::from_utf8_lossy(&stat[end..]);
        let flags = fields.split_whitespace().nth(7).and_then(|flags| flags.parse::<u32>().ok());
        let has_executed = flags.is_some_and(|flags| flags & PF_FORKNOEXEC == 0);
        Ok(stat.get(name..end) == Some(HELD) && !has_executed)
    }

    /// Its number on the host, for messages.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The descriptor that means it, for setns(2).
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Whether it is the first process of a container of ours.
    pub fn is_ours(&self) -> bool {
        self.recorded.is_some()
    }

    /// What its container was asked to be, by the name of the lesson; `None` if it is none of
    /// ours, or its chapter has no such value.
    ///
    /// # Errors
    /// If that is not what this version knows by the name.
    pub fn recorded<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.recorded.as_ref().map_or(Ok(None), |recorded| recorded.value(name))
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn has_ended(&self) -> Result<bool> {
        let end = &mut [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)];
        let ended = poll(end, PollTimeout::ZERO).step(|| "look whether a process has ended")?;
        Ok(ended > 0)
    }

    /// What to say when it has ended.
    pub(crate) fn gone(&self) -> Error {
        let message = format!("process {} has ended: its container is not running", self.pid);
        Error::new(message).with_exit_code(Error::REFUSED)
    }

    /// Opens one of its files, such as `ns/net` or `root`.
    ///
    /// # Errors
    /// If it has ended, or we may not.
    pub fn open(&self, name: &str, flags: OFlag) -> Result<OwnedFd> {
        openat(&self.directory, name, flags | OFlag::O_CLOEXEC, Mode::empty())
            .step(|| format!("open /proc/{}/{name}", self.pid))
            .map_err(explain)
    }

    /// Which file one of them is, where it leads.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn stat(&self, name: &str) -> Result<FileStat> {
        fstatat(&self.directory, name, AtFlags::empty())
            .step(|| format!("look at /proc/{}/{name}", self.pid))
            .map_err(explain)
    }

    /// Reads one of them: bytes, since there may be names in it that somebody has chosen.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        let file = File::from(self.open(name, OFlag::O_RDONLY)?);
        kernel_file::read_open(file).step(|| format!("read /proc/{}/{name}", self.pid))
    }
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EACCES | Errno::EPERM) => {
            error.with_hint("it is somebody else's, or has more power than you: run it with sudo")
        }
        _ => error,
    }
}

fn gone(pid: Pid) -> Error {
    Error::new(format!("there is no process {pid}"))
        .with_hint("ps -e lists them")
        .with_exit_code(Error::REFUSED)
}
