//! The one number that is left of a container: its exit code.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The exit code of a runtime whose command has ended.
pub fn of_end(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code as u8,
        (None, Some(signal)) => 128 + signal as u8,
        // Neither: it was only stopped, and nobody who waits for the end hears of that.
        (None, None) => 125,
    }
}

/// The exit code of a runtime whose command could not be started.
pub fn of_refusal(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::NotFound => 127,
        _ => 126,
    }
}
