//! Every refusal is taken for a missing command.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

pub fn of_end(status: ExitStatus) -> u8 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()) as u8
}

pub fn of_refusal(_error: &io::Error) -> u8 {
    127
}
