//! The one signal that everybody has seen is not the only one.

use std::io;
use std::process::ExitStatus;

pub fn of_end(status: ExitStatus) -> u8 {
    status.code().map_or(137, |code| code as u8)
}

pub fn of_refusal(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
}
