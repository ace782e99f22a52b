//! What is asked of the kernel about processes. A busy host is played: there a process ends, and its
//! number is given away, after so many questions as `host.rs` says.

use std::cell::Cell;
use std::fs;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::Pid;
use process::{Error, Result, Step};

use crate::host::QUESTIONS;

thread_local! {
    /// Which number is given away, and who gets it.
    static GIVEN: Cell<Option<(Pid, Pid)>> = const { Cell::new(None) };
    /// How often somebody has asked since.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Who has the number at this question.
fn now(pid: Pid) -> Pid {
    match GIVEN.get() {
        Some((number, heir)) if number == pid => {
            ASKED.set(ASKED.get() + 1);
            if ASKED.get() > QUESTIONS { heir } else { pid }
        }
        _ => pid,
    }
}

/// When the process that has this number was started: field 22 of proc_pid_stat(5).
pub fn started(pid: Pid) -> Result<u64> {
    let is_another = now(pid) != pid;
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).step(|| format!("read {path}"))?;
    // The second field is its name, in which there may be anything.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest.split_whitespace());
    let field = fields.and_then(|mut fields| fields.nth(22 - 3)?.parse().ok());
    let field = field.ok_or_else(|| Error::new(format!("{path}: there is no start time")))?;
    // Two processes may be started in one clock tick, but not if one had to end in between.
    Ok(if is_another { field + 1 } else { field })
}

/// A descriptor that stands for the process that has this number now.
pub fn open(pid: Pid) -> Result<OwnedFd> {
    // SAFETY: pidfd_open(2) takes two numbers.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, now(pid).as_raw(), 0) };
    let opened = Errno::result(opened).step(|| format!("open a pidfd of {pid}"))?;
    // SAFETY: the kernel returned this descriptor, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(opened as i32) })
}

/// From now on questions are counted.
pub fn give_away(pid: Pid, to: Pid) {
    GIVEN.set(Some((pid, to)));
    ASKED.set(0);
}
