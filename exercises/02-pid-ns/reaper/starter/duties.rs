//! What PID 1 does all day.

use nix::unistd::Pid;
use process::signals::BlockedSignals;

/// The life of the init, until the command ends; returns the exit code.
///
/// - Whichever child ends is collected: the command, and the orphans of all others.
/// - Every signal but SIGCHLD is passed on to the command.
/// - When the command has ended, the exit code is the command's, or 128 + n if signal n
///   has killed it. Nobody waits for what else is running.
///
/// `signals` are blocked; `signals.wait()` takes the next one and tells its number.
/// SIGCHLD is among them.
pub fn serve(command: Pid, signals: &BlockedSignals) -> i32 {
    let _ = (command, signals);
    todo!()
}
