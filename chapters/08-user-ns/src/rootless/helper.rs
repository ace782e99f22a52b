//! Mapping a range without root: `newuidmap(1)`.
//!
//! The program has the power of root by its set-user-ID bit, and that bit counts only
//! in the user namespace to which the file's owner belongs: run from inside ours, it
//! would be powerless. So a child stays outside, waits until we are in, and runs it.
//!
//! ```text
//!   lab ── fork ── unshare ── "ready" ──▶ wait ────────────── waits ──▶ exec itself
//!            └── helper ─────────────────┴── newuidmap, newgidmap ── exit
//! ```

use std::io::{Read, Write, pipe};
use std::process::{Command, Stdio};

use nix::unistd::{ForkResult, Pid, getpid};
use process::{Error, ExitStatus, Result, Step, child, exit_now, fork};

use super::granted::Granted;
use crate::maps::Map;

/// The process outside, and the pipe by which it is told to begin.
pub(super) struct Helper {
    pid: Pid,
    ready: std::io::PipeWriter,
}

impl Helper {
    /// Splits it off, while we are outside as well.
    pub fn split_off(granted: Granted) -> Result<Self> {
        let runtime = getpid();
        let (mut begin, ready) = pipe().step(|| "make a pipe")?;
        match fork("fork a helper")? {
            ForkResult::Parent { child } => Ok(Self { pid: child, ready }),
            ForkResult::Child => {
                drop(ready);
                // One byte says that the namespace is there, an early end that it is not.
                let begun = begin.read_exact(&mut [0]).is_ok();
                let is_mapped = begun
                    && map("newuidmap", runtime, &granted.uids)
                    && map("newgidmap", runtime, &granted.gids);
                exit_now(if is_mapped { 0 } else { 1 })
            }
        }
    }

    /// Lets it map our ids, and waits until that is done.
    pub fn map(mut self) -> Result<()> {
        self.ready.write_all(&[0]).step(|| "tell the helper to begin")?;
        match child::wait_for(self.pid).step(|| "wait for the helper")? {
            ExitStatus::Exited(0) => Ok(()),
            _ => Err(Error::new("map the ids of /etc/subuid and /etc/subgid").with_hint(
                "newuidmap and newgidmap of the package uidmap must be set-user-ID root",
            )),
        }
    }
}

/// `newuidmap PID inside outside count …`; it says itself why it cannot.
fn map(program: &str, process: Pid, map: &Map) -> bool {
    let numbers = map.numbers().flatten().map(|number| number.to_string());
    let mut command = Command::new(program);
    command.arg(process.to_string()).args(numbers).stdin(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
