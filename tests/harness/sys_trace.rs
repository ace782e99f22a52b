//! The `unsafe` of [`super`].

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::ptrace;

/// Makes the program ask to be traced by the thread that starts it.
pub fn trace_me(command: &mut Command) {
    let ask = || ptrace::traceme().map_err(Into::into);
    // SAFETY: between fork and exec, one system call is made and nothing allocated.
    unsafe { command.pre_exec(ask) };
}
