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

use process::{Entry, ExitStatus, Kind, Outcome, Part, Result, kernel_file};
use serde::{Deserialize, Serialize};

use crate::group::{Group, find};
use crate::inspect::number;
use crate::quantity::size;
use crate::remove::KIND;
use crate::{Cgroup, Groups, Version};

/// What a container used; `None` is what could not be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The most memory it held, in bytes.
    pub peak_memory: Option<u64>,
    /// Processor time of all its processes.
    pub cpu_time: Option<Duration>,
    /// How long it was kept off the processor by its quota.
    pub throttled: Option<Duration>,
    /// The limit that killed it, such as `the memory limit of 64 MiB`.
    pub killed_by: Option<String>,
    /// How many of its processes the memory limit has killed.
    pub oom_kills: Option<u64>,
}

impl Used {
    /// What its memory limit did to processes of its, where the end does not tell.
    fn victims(&self) -> Option<String> {
        match self.oom_kills {
            Some(1) if self.killed_by.is_none() => Some("1 process in it".to_owned()),
            Some(count @ 2..) if self.killed_by.is_none() => {
                Some(format!("{count} processes in it"))
            }
            _ => None,
        }
    }
}

impl Entry for Used {
    fn news(&self) -> Vec<String> {
        let end = self.killed_by.iter().map(|limit| format!("killed: {limit} was reached"));
        let victims = self.victims().into_iter();
        end.chain(victims.map(|it| format!("killed: {it}, the memory limit was reached"))).collect()
    }
}

impl Part for Cgroup {
    fn kind(&self) -> Option<Kind> {
        Some(KIND)
    }

    fn notes(&self) -> Vec<String> {
        self.note.iter().cloned().collect()
    }

    /// A number is left out where the host has no controller to count it.
    fn report(&self, outcome: &mut Outcome) -> Result<()> {
        if self.directories().next().is_some() {
            let mut used = self.used();
            used.killed_by = self.killed_by(outcome.status, used.oom_kills);
            outcome.add(used);
        }
        Ok(())
    }
}

impl Groups {
    /// What was used up to now.
    pub fn used(&self) -> Used {
        let mut used = Used { cpu_time: self.cpu_time(), ..Used::default() };
        if let Some(memory) = find(&self.0, "memory", "memory") {
            used.peak_memory = match memory.hierarchy.version {
                Version::V1 => memory.number("memory.max_usage_in_bytes"),
                Version::V2 => memory.number("memory.peak"),
            };
            used.oom_kills = self.oom_kills(memory);
        }
        if let Some(cpu) = find(&self.0, "cpu", "cpu") {
            used.throttled = match cpu.hierarchy.version {
                Version::V1 => cpu.field("cpu.stat", "throttled_time").map(Duration::from_nanos),
                Version::V2 => cpu.field("cpu.stat", "throttled_usec").map(Duration::from_micros),
            };
        }
        used
    }

    /// v2 counts processor time in every cgroup, with or without the controller.
    fn cpu_time(&self) -> Option<Duration> {
        let of_v1 = self.0.iter().find(|group| group.hierarchy.has("cpuacct"));
        if let Some(group) = of_v1 {
            return group.number("cpuacct.usage").map(Duration::from_nanos);
        }
        let group = self.0.iter().find(|group| group.hierarchy.version == Version::V2)?;
        group.field("cpu.stat", "usage_usec").map(Duration::from_micros)
    }

    /// Its own memory limit, in bytes.
    fn memory_limit(&self) -> Option<u64> {
        let memory = find(&self.0, "memory", "memory")?;
        let file = match memory.hierarchy.version {
            Version::V1 => "memory.limit_in_bytes",
            Version::V2 => "memory.max",
        };
        number(&memory.dir.join(file))
    }

    // ANCHOR: killed_by
    /// How many processes its memory limit has killed; `None` without a limit.
    ///
    /// The counter alone does not tell: it also counts the victims of a host that ran out of
    /// memory. So the container must have hit its own limit as well.
    fn oom_kills(&self, memory: &Group) -> Option<u64> {
        self.memory_limit()?;
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
        self.memory_limit()
            .filter(|_| is_oom)
            .map(|limit| format!("the memory limit of {}", size(limit)))
    }
    // ANCHOR_END: killed_by
}

/// Its counters.
impl Group {
    /// The file's one number, if it is there and holds one (`max` is none).
    pub fn number(&self, file: &str) -> Option<u64> {
        kernel_file::read_text(self.dir.join(file)).ok()?.trim().parse().ok()
    }

    /// The number after `key` in a file of many, such as `oom_kill 1`.
    pub fn field(&self, file: &str, key: &str) -> Option<u64> {
        let text = kernel_file::read_text(self.dir.join(file)).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?;
        value.trim().parse().ok()
    }
}
