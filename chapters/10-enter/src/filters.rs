//! Somebody else's filters of system calls, read to be added to what comes in.
//!
//! A filter is a program that the kernel keeps and shows to nobody but a debugger of root's:
//! ptrace(2). So the process is stopped for a moment, which it does not notice but by the
//! time (a few calls end with EINTR, signal(7)):
//!
//! ```text
//!   PTRACE_SEIZE, PTRACE_INTERRUPT      it stands still
//!   PTRACE_SECCOMP_GET_FILTER 0, 1, …   each of them, the oldest first
//!   PTRACE_DETACH                       it goes on
//! ```
//!
//! A debugger is also told of each signal that its process gets, and the process has it only if
//! it is passed on.
//!
//! What cannot be read cannot be added, and then nothing comes in: a process without the
//! filters of the others would be their way out. What is lost is who was to be asked: a filter
//! whose answer is another program's (SECCOMP_RET_USER_NOTIF) has nobody to ask here, and the
//! call fails.

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;
use process::{Error, Result, Step};
use security::{Filters, Instruction};

use crate::Target;
use crate::sys::{self, Stop};

/// All of a process's filters, the oldest first.
///
/// # Errors
/// If one of them cannot be had.
pub(crate) fn filters_of(target: &Target) -> Result<Filters> {
    let pid = target.pid();
    let step = || format!("read the system call filters of process {pid}");
    // ANCHOR: read
    ptrace::seize(pid, ptrace::Options::empty()).step(step).map_err(explain)?;
    let read = stop(pid).and_then(|()| {
        // It is held by its number from here on: nobody else can have got that.
        if target.has_ended().unwrap_or(true) { Err(Errno::ESRCH) } else { all(pid) }
    });
    // If it has ended there is nothing to let go of.
    let _ = ptrace::detach(pid, None);
    // ANCHOR_END: read
    read.map(Filters).step(step).map_err(explain)
}

/// Has it stand still.
fn stop(pid: Pid) -> nix::Result<()> {
    ptrace::interrupt(pid)?;
    // A signal may be faster, and is its own: it gets that, and stands still afterwards.
    while let Stop::BySignal(number) = sys::wait_for_stop(pid)? {
        sys::go_on_with(pid, number)?;
    }
    Ok(())
}

fn all(pid: Pid) -> nix::Result<Vec<Vec<Instruction>>> {
    let mut filters = Vec::new();
    loop {
        match sys::seccomp_filter(pid, filters.len()) {
            Err(Errno::ENOENT) => return Ok(filters),
            filter => filters.push(filter?),
        }
    }
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EPERM | Errno::EACCES) => error.with_hint(
            "only the host's root may, under no filter itself, and if no debugger has it already: \
             nothing comes in without them",
        ),
        Some(Errno::EINVAL | Errno::EIO) => {
            error.with_hint("this kernel may lack CONFIG_CHECKPOINT_RESTORE")
        }
        _ => error,
    }
}
