//! Takes the low byte of the raw status, which is the signal alone.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

pub fn of_end(status: ExitStatus) -> u8 {
    match status.code() {
        Some(code) => code as u8,
        None => status.into_raw() as u8,
    }
}

pub fn of_refusal(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
}
