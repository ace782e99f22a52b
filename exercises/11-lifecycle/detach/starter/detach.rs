//! Starts a command and lets go of it.

use std::ffi::CString;
use std::fs::File;
use std::io;

/// Starts the command so that it goes on when this program has ended and its terminal is gone.
///
/// - It has a session of its own, and looks for its program in PATH.
/// - Its three streams lead to /dev/null, and it has no other descriptor but the lock's, whatever we
///   have inherited ourselves.
/// - As long as it lives, the lock is held, and no longer.
///
/// Returns when the command *has been executed*. If that cannot be done, the error is what the
/// kernel has said of the exec, and no process is left.
pub fn detach(command: &[CString], lock: File) -> io::Result<()> {
    let _ = (command, lock);
    todo!()
}
