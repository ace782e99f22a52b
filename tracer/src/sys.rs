//! The `unsafe` of the tracer.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::{Call, Event};

/// Makes the program ask to be traced by the thread that starts it.
pub fn trace_me(command: &mut Command) {
    let ask = || ptrace::traceme().map_err(Into::into);
    // SAFETY: between fork and exec, one system call is made and nothing allocated.
    unsafe { command.pre_exec(ask) };
}

/// The system call at which a process is stopped.
pub fn at_call(pid: Pid) -> nix::Result<Event> {
    let info = ptrace::syscall_info(pid)?;
    match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => {
            // SAFETY: `op` says that this member of the union is the one that was filled in.
            let entry = unsafe { info.u.entry };
            Ok(Event::Entered(Call { number: entry.nr.cast_signed(), arguments: entry.args }))
        }
        libc::PTRACE_SYSCALL_INFO_EXIT => {
            // SAFETY: as above.
            let exit = unsafe { info.u.exit };
            Ok(Event::Left { result: exit.sval })
        }
        _ => Err(Errno::EINVAL),
    }
}
