//! Control groups: where a process is in each hierarchy, and the limits there.
//!
//! Both are chapter 6's questions, and its library answers them. It cannot know from out
//! here how the container itself sees the paths: `/proc/PID/cgroup` starts them at the root
//! of the *reader's* cgroup namespace, so [`here`] is read inside.

use cgroups::{Membership, Usage, Version, of_process, size};
use nix::unistd::Pid;
use process::kernel_file;
use serde::Serialize;

use crate::view::proc::Proc;
use crate::view::row::{Mark, Row};
use crate::view::side::Side;
use crate::view::text::Text;
use crate::view::words::Words;

/// The process's place in the cgroup hierarchies, and the numbers there.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cgroup {
    /// One for each hierarchy.
    pub paths: Vec<CgroupPath>,
    /// What it may use, and what it uses now.
    #[serde(flatten)]
    pub limits: Limits,
    /// Processor time used so far, in microseconds.
    pub cpu_usage: Option<u64>,
}

/// What a process may use; a limit further up the tree counts as well. `null`: no
/// limit, or no controller to tell.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Limits {
    /// Memory limit in bytes.
    pub memory_limit: Option<u64>,
    /// Memory in use, in bytes.
    pub memory_usage: Option<u64>,
    /// Most processes and threads.
    pub pids_limit: Option<u64>,
    /// Processes and threads there are.
    pub pids_current: Option<u64>,
    /// Processor time, in processors: 0.5 is half of one.
    pub cpus: Option<f64>,
    /// The processors it may run on, such as `0-1`.
    pub cpuset: Option<Text>,
}

impl From<Usage> for Limits {
    fn from(usage: Usage) -> Self {
        Self {
            memory_limit: usage.memory_limit,
            memory_usage: usage.memory_usage,
            pids_limit: usage.pids_limit,
            pids_current: usage.pids_current,
            cpus: usage.cpus,
            cpuset: usage.cpuset.map(Text::from),
        }
    }
}

/// A place in one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CgroupPath {
    /// Its controllers as `cpu,cpuacct`, or `unified` for version 2.
    pub hierarchy: Text,
    /// The path as the host has it.
    pub path: Text,
    /// The path as this side has it, from the root of its cgroup namespace.
    pub inside: Option<Text>,
}

/// Hierarchy and path, as somebody reads them: a v1 tree by its controllers, v2 by "".
pub type Places = Vec<(String, String)>;

/// The process's lines, as the cgroup namespace we are in has them.
pub fn here(process: &Proc) -> Option<Places> {
    let lines = process.read("cgroup").ok()?;
    let place = |line: &str| {
        let (hierarchy, path) = line.split_once(':')?.1.split_once(':')?;
        Some((hierarchy.to_owned(), path.to_owned()))
    };
    Some(lines.lines().filter_map(place).collect())
}

/// Our own cgroups and the process's; `inside` is what [`here`] returned in there.
pub fn observe(host: &Side, container: &Side, inside: Option<&Places>) -> Row<Cgroup> {
    let (ours, theirs) = (here(&host.process), here(&container.process));
    Row {
        mark: Mark::compare(ours.as_ref(), theirs.as_ref()),
        host: read(host.process.pid, ours.as_ref()),
        container: read(container.process.pid, inside),
    }
}

fn read(pid: Pid, inside: Option<&Places>) -> Option<Cgroup> {
    let places = of_process(pid).ok()?;
    let path = |place: &Membership| {
        let names = match place.hierarchy.version {
            Version::V1 => place.hierarchy.controllers.join(","),
            Version::V2 => String::new(),
        };
        let inside = inside.and_then(|places| places.iter().find(|(other, _)| *other == names));
        CgroupPath {
            path: Text::from_bytes(place.path.as_os_str().as_encoded_bytes()),
            inside: inside.map(|(_, path)| Text::from(path.as_str())),
            hierarchy: Text::from(if names.is_empty() { "unified".to_owned() } else { names }),
        }
    };
    Some(Cgroup {
        paths: places.iter().map(path).collect(),
        limits: Usage::at(&places).into(),
        cpu_usage: places.iter().find_map(cpu_usage),
    })
}

/// v1 counts it in `cpuacct`, in nanoseconds; v2 in every cgroup, in microseconds.
fn cpu_usage(place: &Membership) -> Option<u64> {
    let read = |file| kernel_file::read_text(place.dir()?.join(file)).ok();
    match place.hierarchy.version {
        Version::V1 if place.hierarchy.has("cpuacct") => {
            Some(read("cpuacct.usage")?.trim().parse::<u64>().ok()? / 1000)
        }
        Version::V1 => None,
        Version::V2 => read("cpu.stat")?
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "))?
            .parse()
            .ok(),
    }
}

impl Words for Cgroup {
    fn brief(&self) -> String {
        let mut limits = Vec::new();
        limits.extend(self.limits.memory_limit.map(|limit| format!("memory {}", size(limit))));
        limits.extend(self.limits.cpus.map(|limit| format!("cpus {limit}")));
        limits.extend(self.limits.pids_limit.map(|limit| format!("pids {limit}")));
        if limits.is_empty() { "no limits".to_owned() } else { limits.join(", ") }
    }

    fn full(&self) -> Vec<String> {
        let of =
            |limit: Option<String>| limit.map_or("no limit".to_owned(), |it| format!("limit {it}"));
        let mut lines = Vec::new();
        if let Some(usage) = self.limits.memory_usage {
            lines.push(format!(
                "memory {}, {}",
                size(usage),
                of(self.limits.memory_limit.map(size))
            ));
        }
        if let Some(usage) = self.cpu_usage {
            let seconds = usage as f64 / 1e6;
            lines.push(format!(
                "cpu {seconds:.2} s used, {}",
                of(self.limits.cpus.map(|cpus| format!("{cpus} processors")))
            ));
        }
        if let Some(usage) = self.limits.pids_current {
            lines.push(format!(
                "pids {usage}, {}",
                of(self.limits.pids_limit.map(|limit| limit.to_string()))
            ));
        }
        // Version 1 has a hierarchy for each controller, mostly with the same path in all.
        let mut places: Vec<(&CgroupPath, Vec<&str>)> = Vec::new();
        for path in &self.paths {
            let same = |(place, _): &&mut (&CgroupPath, Vec<&str>)| {
                (&place.path, &place.inside) == (&path.path, &path.inside)
            };
            match places.iter_mut().find(same) {
                Some((_, names)) => names.push(path.hierarchy.as_str()),
                None => places.push((path, vec![path.hierarchy.as_str()])),
            }
        }
        for (place, names) in places {
            lines.push(place.path.to_string());
            if let Some(inside) = place.inside.as_ref().filter(|&inside| *inside != place.path) {
                lines.push(format!("  called {inside} in there"));
            }
            lines.push(format!("  in {}", names.join(", ")));
        }
        lines
    }
}
