//! The `unsafe` of the harness.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::unistd::setsid;

/// Has a function called when the test program ends.
pub fn at_exit(function: extern "C" fn()) {
    // SAFETY: a function lives as long as the program.
    unsafe { libc::atexit(function) };
}

/// Makes the program the leader of a new session, whose terminal is its standard input.
pub fn control_terminal(command: &mut Command) {
    let lead = || {
        setsid()?;
        // SAFETY: this request reads no memory of ours.
        Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
        Ok(())
    };
    // SAFETY: between fork and exec, two system calls are made and nothing allocated.
    unsafe { command.pre_exec(lead) };
}
