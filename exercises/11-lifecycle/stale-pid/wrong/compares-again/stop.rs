//! Compares before each signal. The moment after it is shorter, and still there.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use process::{Result, Step};

use crate::{Record, kernel};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Stops a container: by SIGTERM, and by SIGKILL if it has not ended when `patience` is over. Returns
/// when it has ended; one that has ended before is stopped already.
pub fn stop(record: &Record, patience: Duration) -> Result<()> {
    send(record, Signal::SIGTERM)?;
    let deadline = Instant::now() + patience;
    let mut is_killed = false;
    while is_it(record) && kernel::exists(record.pid) {
        if !is_killed && Instant::now() >= deadline {
            send(record, Signal::SIGKILL)?;
            is_killed = true;
        }
        sleep(PAUSE);
    }
    Ok(())
}

fn is_it(record: &Record) -> bool {
    kernel::started(record.pid) == Some(record.started)
}

/// Sends a signal, if somebody is there to get it.
fn send(record: &Record, signal: Signal) -> Result<()> {
    if !is_it(record) {
        return Ok(());
    }
    match kernel::signal(record.pid, signal) {
        Err(Errno::ESRCH) => Ok(()),
        sent => sent.step(|| format!("send {signal}")),
    }
}
