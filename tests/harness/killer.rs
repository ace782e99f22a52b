//! A runtime that is killed at an exactly chosen moment: at its n-th system call.
//!
//! Killing after some milliseconds would find another moment in each run. ptrace(2)
//! stops the runtime, and it alone, before and after each of its system calls; at the
//! chosen stop it gets SIGKILL, which no program can prepare for.

use std::process::Command;

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::sys;

/// Runs a program and kills it at its stop number `moment`, two for each system call.
///
/// Returns how many stops there were, if it came to its own end before that.
pub fn run_and_kill_at(mut command: Command, moment: usize) -> Option<usize> {
    sys::trace_me(&mut command);
    // It is waited for by its number: only waitpid(2) tells of stops.
    let child = command.spawn().map(|child| Pid::from_raw(child.id() as i32));
    let pid = child.expect("it starts");
    let mut stops = 0;
    // The first stop is that of exec.
    let mut status = waitpid(pid, None).expect("a child of ours");
    ptrace::setoptions(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL)
        .expect("it is traced");
    loop {
        let signal = match status {
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Some(stops),
            WaitStatus::PtraceSyscall(_) => {
                stops += 1;
                None
            }
            WaitStatus::Stopped(_, Signal::SIGTRAP) => None,
            WaitStatus::Stopped(_, signal) => Some(signal),
            _ => None,
        };
        if stops == moment {
            kill(pid, Signal::SIGKILL).expect("it is there");
            while !matches!(status, WaitStatus::Signaled(..) | WaitStatus::Exited(..)) {
                status = waitpid(pid, None).expect("a child of ours");
            }
            return None;
        }
        ptrace::syscall(pid, signal).expect("it is stopped");
        status = waitpid(pid, None).expect("a child of ours");
    }
}
