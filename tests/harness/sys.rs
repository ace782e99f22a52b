//! The `unsafe` of the harness.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::ptrace;

/// Has a function called when the test program ends.
pub fn at_exit(function: extern "C" fn()) {
    // SAFETY: a function lives as long as the program.
    unsafe { libc::atexit(function) };
}

/// Makes the program ask to be traced by the thread that starts it.
pub fn trace_me(command: &mut Command) {
    let ask = || ptrace::traceme().map_err(Into::into);
    // SAFETY: between fork and exec, one system call is made and nothing allocated.
    unsafe { command.pre_exec(ask) };
}
