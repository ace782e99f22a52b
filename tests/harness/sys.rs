//! The `unsafe` of the harness.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::ptrace;
use nix::unistd::Pid;

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

/// What a traced process is about to ask of the kernel, or has been answered.
pub enum Call {
    /// Before the call: its number, and its first argument.
    Entered {
        /// The system call's number.
        number: i64,
        /// Its first argument.
        argument: u64,
    },
    /// After it.
    Left,
}

/// The system call at which a traced process is stopped.
pub fn call(pid: Pid) -> nix::Result<Call> {
    let info = ptrace::syscall_info(pid)?;
    Ok(match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => {
            // SAFETY: `op` tells which member of the union the kernel has filled in.
            let entry = unsafe { info.u.entry };
            Call::Entered { number: entry.nr as i64, argument: entry.args[0] }
        }
        _ => Call::Left,
    })
}
