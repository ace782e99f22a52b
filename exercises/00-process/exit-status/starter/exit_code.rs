//! The one number that is left of a container: its exit code.

use std::io;
use std::process::ExitStatus;

/// The exit code of a runtime whose command has ended.
///
/// - It is the command's own, if it has returned one.
/// - It is 128 + n, if the command was killed by signal n.
pub fn of_end(status: ExitStatus) -> u8 {
    let _ = status;
    todo!()
}

/// The exit code of a runtime whose command could not be started.
///
/// - It is 127, if there is no such program.
/// - It is 126, if there is one, and the kernel does not execute it.
pub fn of_refusal(error: &io::Error) -> u8 {
    let _ = error;
    todo!()
}
