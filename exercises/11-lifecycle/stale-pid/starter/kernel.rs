//! What can be asked of the kernel about processes, by their number or by a pidfd.

#![allow(dead_code, reason = "not every answer asks all of it")]

use std::cell::{Cell, RefCell};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::{Result, Step, pidfd_open, pidfd_send_signal};

use crate::numbers;

/// When the process that has this number was started, in clock ticks since boot. `None` if nobody has
/// it.
pub fn started(pid: Pid) -> Option<u64> {
    question();
    numbers::started(pid)
}

/// Whether a process has this number, be it a zombie.
pub fn exists(pid: Pid) -> bool {
    question();
    kill(pid, None).is_ok()
}

/// Sends a signal to whoever has this number. `ESRCH` if nobody has it.
pub fn signal(pid: Pid, signal: Signal) -> nix::Result<()> {
    question();
    kill(pid, signal)
}

/// A descriptor that stands for the process that has this number now. `ESRCH` if nobody has it.
pub fn open(pid: Pid) -> nix::Result<OwnedFd> {
    question();
    pidfd_open(pid)
}

/// Sends a signal to the process that a pidfd stands for. `ESRCH` if nothing is left of it.
pub fn signal_by(pidfd: &OwnedFd, signal: Signal) -> nix::Result<()> {
    question();
    pidfd_send_signal(pidfd.as_fd(), signal as i32)
}

/// Waits for the end of the process that a pidfd stands for, as long as `patience` lasts. Whether it
/// has ended.
pub fn wait_for_end(pidfd: &OwnedFd, patience: Duration) -> nix::Result<bool> {
    question();
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    let mut polled = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut polled, timeout) {
            Err(Errno::EINTR) => {}
            ready => return ready.map(|count| count > 0),
        }
    }
}

// From here on: the crash.

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
    static CRASH: RefCell<Option<(u32, OwnedFd, PipeReader)>> = const { RefCell::new(None) };
}

/// A crash that is going to happen, if there is to be one.
pub struct Crash(Option<PipeWriter>);

impl Crash {
    /// It has happened, and a stranger has the number: whoever waits for that goes on.
    pub fn has_happened(self) -> Result<()> {
        match self.0 {
            Some(mut writer) => writer.write_all(b".").step(|| "say that it has crashed"),
            None => Ok(()),
        }
    }
}

/// The container is going to crash at the Nth question from now on.
pub fn prepare(at: Option<u32>, container: &OwnedFd) -> Result<Crash> {
    let (reader, writer) = pipe().step(|| "make a pipe")?;
    let container = container.try_clone().step(|| "copy a pidfd")?;
    ASKED.set(0);
    CRASH.set(at.map(|at| (at, container, reader)));
    Ok(Crash(at.map(|_| writer)))
}

fn question() {
    ASKED.set(ASKED.get() + 1);
    let crash = CRASH.take();
    match crash {
        Some((at, container, mut reader)) if at == ASKED.get() => {
            let _ = pidfd_send_signal(container.as_fd(), Signal::SIGKILL as i32);
            let _ = reader.read(&mut [0]);
        }
        later => CRASH.set(later),
    }
}
