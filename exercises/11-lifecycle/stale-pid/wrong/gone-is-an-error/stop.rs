//! Has it that somebody must be there to be stopped.

use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::signal::Signal;
use process::{Result, Step};

use crate::{Record, kernel};

/// Stops a container: by SIGTERM, and by SIGKILL if it has not ended when `patience` is over. Returns
/// when it has ended; one that has ended before is stopped already.
pub fn stop(record: &Record, patience: Duration) -> Result<()> {
    // From here on it is one process that we mean, and not a number.
    let pidfd = kernel::open(record.pid).step(|| "open a pidfd")?;
    // Which one? If the number has not been given away until now, it was not when we opened it.
    if kernel::started(record.pid) != Some(record.started) {
        return Err(process::Error::new("the container has ended"));
    }
    send(&pidfd, Signal::SIGTERM)?;
    if !kernel::wait_for_end(&pidfd, patience).step(|| "wait for the end")? {
        send(&pidfd, Signal::SIGKILL)?;
        kernel::wait_for_end(&pidfd, Duration::MAX).step(|| "wait for the end")?;
    }
    Ok(())
}

/// Sends a signal, if it is still there to get it.
fn send(pidfd: &OwnedFd, signal: Signal) -> Result<()> {
    kernel::signal_by(pidfd, signal).step(|| format!("send {signal}"))
}
