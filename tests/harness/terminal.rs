//! A program on a real pseudo-terminal, with somebody typing.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::DEADLINE;

/// Starts a program on a new terminal.
///
/// Wait for its prompt before typing: what is typed earlier may be lost, when the
/// program sets the terminal up.
pub fn on_terminal(mut command: Command) -> PtySession {
    command.stdin(std::process::Stdio::inherit());
    spawn_command(command, Some(DEADLINE.as_millis() as u64)).expect("a pseudo-terminal")
}
