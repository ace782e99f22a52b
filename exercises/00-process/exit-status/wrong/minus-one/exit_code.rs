//! Says whether it went well, and no more.

use std::io;
use std::process::ExitStatus;

pub fn of_end(status: ExitStatus) -> u8 {
    if status.success() { 0 } else { 255 }
}

pub fn of_refusal(_error: &io::Error) -> u8 {
    255
}
