//! Which process it is, for ever.
//!
//! A number is not a process: when one has ended, another one gets it sooner or later. With
//! the moment at which it started, in clock ticks after which boot, there is one process at
//! most that it can mean.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Step, kernel_file, sys};

/// A process, alive or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number on the host.
    pub pid: i32,
    /// When it started, in clock ticks: the 22nd field of proc_pid_stat(5).
    pub tick: u64,
    /// After which boot.
    pub boot: String,
}

impl Identity {
    /// Who has this number now.
    ///
    /// # Errors
    /// If nobody has.
    pub fn of(pid: i32) -> Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let stat = kernel_file::read(&path).step(|| format!("read {path}"))?;
        let stat = String::from_utf8_lossy(&stat);
        // The name, in brackets, may contain anything, and need not be text: the process has
        // given it to itself. The tick is the 20th field after it.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let tick = fields.split_whitespace().nth(19).and_then(|tick| tick.parse().ok());
        let tick = tick.ok_or_else(|| Error::new(format!("ask when process {pid} started")))?;
        Ok(Self { pid, tick, boot: Self::boot()? })
    }

    /// A descriptor that means this process and no other; `None` if it has ended. What nobody
    /// has waited for yet, a zombie, has ended.
    ///
    /// # Errors
    /// If the kernel does not say: then it is neither to be killed nor taken for gone.
    pub fn open(&self) -> Result<Option<OwnedFd>> {
        let pid = self.pid;
        // First the descriptor, which stays with this process, then a look at who it is.
        let pidfd = match sys::pidfd_open(Pid::from_raw(pid)) {
            Err(Errno::ESRCH) => return Ok(None),
            opened => opened.step(|| format!("open a pidfd of process {pid}"))?,
        };
        let is_alive = self.is_there()? && !has_ended(&pidfd, PollTimeout::ZERO)?;
        Ok(is_alive.then_some(pidfd))
    }

    /// Whether it has started since the host has.
    pub fn is_of_this_boot(&self) -> bool {
        Self::boot().is_ok_and(|boot| boot == self.boot)
    }

    /// Which boot this is: it has a random name.
    fn boot() -> Result<String> {
        let path = "/proc/sys/kernel/random/boot_id";
        let bytes = kernel_file::read(path).step(|| format!("read {path}"))?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Whether who has the number now is still the same.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn is_there(&self) -> Result<bool> {
        match Self::of(self.pid) {
            Ok(now) => Ok(now == *self),
            Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::ESRCH)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A pidfd can be read from, as it were, when the process has ended.
pub(super) fn has_ended(pidfd: &OwnedFd, timeout: PollTimeout) -> Result<bool> {
    let end = &mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    poll(end, timeout).map(|ended| ended > 0).step(|| "wait for the end of a process")
}
