//! A container that has lost its runtime, and lives on.
//!
//! The parent-death signal should have ended it. But that is a setting of the process
//! itself: whoever runs in there can clear it, and a set-user-ID program has it cleared by
//! the kernel, see prctl(2). Then the command goes on, with nobody to wait for it.
//!
//! The next cleaning ends it. All there is to find it by is on disk, and so it says more
//! than a number: see `identity.rs`.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::PollTimeout;
use nix::unistd::Pid;

use super::State;
use super::announcement::Announcement;
use super::identity::has_ended;
use crate::{Error, Result, Step, sys};

/// How long it may take to die, in milliseconds.
const PATIENCE: u16 = 2000;

/// The first process of a container that has lost its runtime, killed and about to end.
#[must_use = "it has not ended yet"]
#[derive(Debug)]
pub struct Orphan {
    pid: Pid,
    pidfd: OwnedFd,
}

/// Kills what still runs of an abandoned record, if anything does.
///
/// In a PID namespace, all others go with the first process. In the two chapters before
/// it, they cannot be found.
///
/// # Errors
/// If it may not be killed, or nobody knows who it is.
pub fn kill(state: &State) -> Result<Option<Orphan>> {
    let Some(process) = Announcement::read(state.dir()).and_then(|it| it.process) else {
        return Ok(None);
    };
    let pid = Pid::from_raw(process.pid);
    let Some(pidfd) = process.open()? else { return Ok(None) };
    let orphan = Orphan { pid, pidfd };
    sys::pidfd_send_signal(orphan.pidfd.as_fd(), libc::SIGKILL).step(|| orphan.ending())?;
    Ok(Some(orphan))
}

impl Orphan {
    /// Waits until it has ended, and tells what it was.
    ///
    /// # Errors
    /// If it does not end.
    pub fn wait(self) -> Result<String> {
        if has_ended(&self.pidfd, PollTimeout::from(PATIENCE))? {
            Ok(format!("process {}, which had lost its runtime", self.pid))
        } else {
            Err(Error::from_errno(self.ending(), Errno::ETIMEDOUT))
        }
    }

    fn ending(&self) -> String {
        format!("end process {}, which has lost its runtime", self.pid)
    }
}
