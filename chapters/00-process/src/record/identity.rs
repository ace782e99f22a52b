//! Which process it is, for ever.
//!
//! A number is not a process: when one has ended, another one gets it sooner or later. With
//! the moment at which it started, in clock ticks after which boot, there is one process at
//! most that it can mean.

use std::fs;

use nix::unistd::Pid;

use crate::{Result, Step};

/// A process, alive or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its number on the host.
    pub pid: Pid,
    /// When it started: in ticks, the 22nd field of proc_pid_stat(5), and after which boot.
    pub started: String,
}

impl Identity {
    /// Who has this number now.
    ///
    /// # Errors
    /// If nobody has.
    pub fn of(pid: Pid) -> Result<Self> {
        let read = |path: String| fs::read_to_string(&path).step(|| format!("read {path}"));
        let stat = read(format!("/proc/{pid}/stat"))?;
        // The name, in brackets, may contain anything. The tick is the 20th field after it.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let tick = fields.split_whitespace().nth(19).unwrap_or_default();
        let boot = read("/proc/sys/kernel/random/boot_id".to_owned())?;
        Ok(Self { pid, started: format!("{tick} {}", boot.trim()) })
    }

    /// Whether who has the number now is still the same.
    pub fn is_there(&self) -> bool {
        Self::of(self.pid).is_ok_and(|now| now == *self)
    }
}
