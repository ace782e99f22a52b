//! Control groups: where a process is in each hierarchy, and the numbers there.
//!
//! `/proc/PID/cgroup` has a line for each hierarchy: `0::/path` for version 2, and
//! `4:memory:/path` for each one of version 1. The path starts at the root of the
//! *reader's* cgroup namespace, so the container's own idea of it has to be read from
//! inside. The limits are files, found under whatever directory mountinfo says the
//! hierarchy is mounted on.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::mountinfo::Mount;
use crate::view::model::{Mark, Row};
use crate::view::proc::Proc;
use crate::view::side::Side;
use crate::view::text::Text;
use crate::view::words::{Words, bytes};

/// The process's place in the cgroup hierarchies, and the numbers there.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cgroup {
    /// One for each hierarchy.
    pub paths: Vec<CgroupPath>,
    /// Memory limit in bytes; `null` if there is none.
    pub memory_limit: Option<u64>,
    /// Memory in use, in bytes.
    pub memory_usage: Option<u64>,
    /// Processor time per second of wall time, in microseconds; `null` if unlimited.
    pub cpu_limit: Option<u64>,
    /// Processor time used so far, in microseconds.
    pub cpu_usage: Option<u64>,
    /// Most processes; `null` if unlimited.
    pub pids_limit: Option<u64>,
    /// Processes there are.
    pub pids_usage: Option<u64>,
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

/// Hierarchy and path, as somebody reads them.
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
    let mounts = &host.mounts;
    let (ours, theirs) = (here(&host.process), here(&container.process));
    let mark = Mark::compare(ours.as_ref(), theirs.as_ref());
    Row {
        mark,
        container: theirs.map(|places| read(&places, inside, mounts)),
        host: ours.map(|places| read(&places, Some(&places), mounts)),
    }
}

fn read(places: &Places, inside: Option<&Places>, mounts: &[Mount]) -> Cgroup {
    let inner = |hierarchy: &str| {
        let place = inside?.iter().find(|(name, _)| name == hierarchy)?;
        Some(Text::from(place.1.as_str()))
    };
    let path = |(hierarchy, path): &(String, String)| CgroupPath {
        hierarchy: Text::from(if hierarchy.is_empty() { "unified" } else { hierarchy.as_str() }),
        path: Text::from(path.as_str()),
        inside: inner(hierarchy),
    };
    let mut cgroup = Cgroup { paths: places.iter().map(path).collect(), ..Cgroup::default() };
    // Each controller is in one hierarchy only, so no number is found twice.
    for (hierarchy, path) in places {
        let Some(dir) = directory(hierarchy, path, mounts) else { continue };
        match hierarchy.as_str() {
            "" => read_v2(&dir, &mut cgroup),
            controllers => read_v1(controllers, &dir, &mut cgroup),
        }
    }
    cgroup
}

/// Where the host finds a cgroup's files. A mount may show a part of a hierarchy only.
fn directory(hierarchy: &str, path: &str, mounts: &[Mount]) -> Option<PathBuf> {
    let is_of_it = |mount: &&Mount| match mount.file_system.as_str() {
        "cgroup2" => hierarchy.is_empty(),
        "cgroup" => {
            hierarchy.split(',').all(|name| mount.options.split(',').any(|option| option == name))
        }
        _ => false,
    };
    mounts.iter().filter(is_of_it).find_map(|mount| {
        let below = Path::new(path).strip_prefix(&mount.directory).ok()?;
        Some(Path::new(&mount.target).join(below))
    })
}

fn read_v2(dir: &Path, cgroup: &mut Cgroup) {
    cgroup.memory_limit = cgroup.memory_limit.or(number(dir, "memory.max"));
    cgroup.memory_usage = cgroup.memory_usage.or(number(dir, "memory.current"));
    cgroup.pids_limit = cgroup.pids_limit.or(number(dir, "pids.max"));
    cgroup.pids_usage = cgroup.pids_usage.or(number(dir, "pids.current"));
    // "50000 100000": microseconds in each period of so many, or "max 100000".
    let quota = fs::read_to_string(dir.join("cpu.max")).unwrap_or_default();
    if let Some((quota, period)) = quota.trim().split_once(' ') {
        cgroup.cpu_limit = per_second(quota.parse().ok(), period.parse().ok());
    }
    let usage = fs::read_to_string(dir.join("cpu.stat")).unwrap_or_default();
    let usage = usage.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok());
    cgroup.cpu_usage = cgroup.cpu_usage.or(usage);
}

fn read_v1(controllers: &str, dir: &Path, cgroup: &mut Cgroup) {
    for controller in controllers.split(',') {
        match controller {
            "memory" => {
                // "No limit" is the largest number of whole pages that fits.
                cgroup.memory_limit =
                    number(dir, "memory.limit_in_bytes").filter(|&limit| limit < u64::MAX / 4);
                cgroup.memory_usage = number(dir, "memory.usage_in_bytes");
            }
            "pids" => {
                cgroup.pids_limit = number(dir, "pids.max");
                cgroup.pids_usage = number(dir, "pids.current");
            }
            "cpu" => {
                // A quota of -1 is none, and no number to us.
                let quota = number(dir, "cpu.cfs_quota_us");
                cgroup.cpu_limit = per_second(quota, number(dir, "cpu.cfs_period_us"));
            }
            "cpuacct" => {
                cgroup.cpu_usage = number(dir, "cpuacct.usage").map(|nanos| nanos / 1000);
            }
            _ => {}
        }
    }
}

fn per_second(quota: Option<u64>, period: Option<u64>) -> Option<u64> {
    quota?.checked_mul(1_000_000)?.checked_div(period?)
}

/// A file's number; `None` for "max", and where there is no such file.
fn number(dir: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(dir.join(file)).ok()?.trim().parse().ok()
}

impl Words for Cgroup {
    fn brief(&self) -> String {
        let mut limits = Vec::new();
        limits.extend(self.memory_limit.map(|limit| format!("memory {}", bytes(limit))));
        limits.extend(self.cpu_limit.map(|limit| format!("cpus {}", cpus(limit))));
        limits.extend(self.pids_limit.map(|limit| format!("pids {limit}")));
        if limits.is_empty() { "no limits".to_owned() } else { limits.join(", ") }
    }

    fn full(&self) -> Vec<String> {
        let of =
            |limit: Option<String>| limit.map_or("no limit".to_owned(), |it| format!("limit {it}"));
        let mut lines = Vec::new();
        if let Some(usage) = self.memory_usage {
            lines.push(format!("memory {}, {}", bytes(usage), of(self.memory_limit.map(bytes))));
        }
        if let Some(usage) = self.cpu_usage {
            let seconds = usage as f64 / 1e6;
            lines.push(format!("cpu {seconds:.2} s used, {}", of(self.cpu_limit.map(cpus))));
        }
        if let Some(usage) = self.pids_usage {
            lines.push(format!(
                "pids {usage}, {}",
                of(self.pids_limit.map(|limit| limit.to_string()))
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

/// Microseconds a second, as processors.
fn cpus(limit: u64) -> String {
    let text = format!("{:.2}", limit as f64 / 1e6);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
