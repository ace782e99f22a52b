//! Stops a container of which there is a record.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use process::{Result, Step};

use crate::{Record, kernel};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Stops a container: by SIGTERM, and by SIGKILL if it has not ended when `patience` is over. Returns
/// when it has ended; one that has ended before is stopped already.
pub fn stop(record: &Record, patience: Duration) -> Result<()> {
    // A number is given away again. The start time tells whether it is still the container's.
    if kernel::started(record.pid) != Some(record.started) {
        return Ok(());
    }
    send(record.pid, Signal::SIGTERM)?;
    let deadline = Instant::now() + patience;
    let mut is_killed = false;
    while kernel::exists(record.pid) {
        if !is_killed && Instant::now() >= deadline {
            send(record.pid, Signal::SIGKILL)?;
            is_killed = true;
        }
        sleep(PAUSE);
    }
    Ok(())
}

/// Sends a signal, if somebody is there to get it.
fn send(pid: Pid, signal: Signal) -> Result<()> {
    match kernel::signal(pid, signal) {
        Err(Errno::ESRCH) => Ok(()),
        sent => sent.step(|| format!("send {signal}")),
    }
}
