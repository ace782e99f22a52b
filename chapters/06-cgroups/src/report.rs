//! What the container used, and whether a limit ended it.
//!
//! A cgroup counts for as long as it exists, also what processes used that are gone:
//! nothing has to be sampled meanwhile, the last reading is the sum of the life.
//!
//! ```text
//!                     v1                          v2
//!   peak memory       memory.max_usage_in_bytes   memory.peak (Linux 5.19)
//!   processor time    cpuacct.usage, in ns        cpu.stat usage_usec
//!   throttled         cpu.stat throttled_time     cpu.stat throttled_usec
//!   killed            memory.oom_control          memory.events
//!                       oom_kill                    oom_kill
//! ```

use std::time::Duration;

use process::{ExitStatus, Outcome, Part, Result};

use crate::group::{Group, find};
use crate::quantity::size;
use crate::{Cgroup, Version};

impl Part for Cgroup {
    fn notes(&self) -> Vec<String> {
        self.note.iter().cloned().collect()
    }

    /// A number is left out where the host has no controller to count it.
    fn report(&self, outcome: &mut Outcome) -> Result<()> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(memory) = find(&self.groups, "memory", "memory") {
            outcome.peak_memory = match memory.hierarchy.version {
                Version::V1 => memory.number("memory.max_usage_in_bytes"),
                Version::V2 => memory.number("memory.peak"),
            };
            outcome.oom_kills = self.oom_kills(memory);
            outcome.killed_by = self.killed_by(outcome.status, outcome.oom_kills);
        }
        outcome.cpu_time = self.cpu_time();
        if let Some(cpu) = find(&self.groups, "cpu", "cpu") {
            outcome.throttled = match cpu.hierarchy.version {
                Version::V1 => cpu.field("cpu.stat", "throttled_time").map(Duration::from_nanos),
                Version::V2 => cpu.field("cpu.stat", "throttled_usec").map(Duration::from_micros),
            };
        }
        Ok(())
    }
}

impl Cgroup {
    /// v2 counts processor time in every cgroup, with or without the controller.
    fn cpu_time(&self) -> Option<Duration> {
        let of_v1 = self.groups.iter().find(|group| group.hierarchy.has("cpuacct"));
        if let Some(group) = of_v1 {
            return group.number("cpuacct.usage").map(Duration::from_nanos);
        }
        let group = self.groups.iter().find(|group| group.hierarchy.version == Version::V2)?;
        group.field("cpu.stat", "usage_usec").map(Duration::from_micros)
    }

    // ANCHOR: killed_by
    /// How many processes its memory limit has killed; `None` without a limit.
    ///
    /// The counter alone does not tell: it also counts the victims of a host that ran out of
    /// memory. So the container must have hit its own limit as well.
    fn oom_kills(&self, memory: &Group) -> Option<u64> {
        self.memory?;
        let (victims, hits) = match memory.hierarchy.version {
            Version::V1 => {
                (memory.field("memory.oom_control", "oom_kill"), memory.number("memory.failcnt"))
            }
            Version::V2 => {
                (memory.field("memory.events", "oom_kill"), memory.field("memory.events", "oom"))
            }
        };
        if hits? == 0 { Some(0) } else { victims }
    }

    /// The limit that killed the first process, if one did: it must have died of SIGKILL, or
    /// passed on that its child did.
    fn killed_by(&self, status: ExitStatus, oom_kills: Option<u64>) -> Option<String> {
        let is_oom = status.code() == 137 && oom_kills.is_some_and(|victims| victims > 0);
        self.memory.filter(|_| is_oom).map(|limit| format!("the memory limit of {}", size(limit)))
    }
    // ANCHOR_END: killed_by
}
