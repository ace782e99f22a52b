//! The same questions about any process of the host: in which cgroups is it, and
//! what may it use?
//!
//! A limit further up the tree binds everything below it: a process may use what the
//! tightest of all its cgroup's ancestors allows. Its use is counted in its own.

use std::path::{Path, PathBuf};

use nix::unistd::Pid;
use process::{Result, Step, kernel_file};

use crate::hierarchy::parse_membership;
use crate::{Hierarchy, Version, hierarchies};

/// The place of a process in one hierarchy.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The tree.
    pub hierarchy: Hierarchy,
    /// Its cgroup in it, as /proc tells: `/lab-3f9c0a1b2c4d`.
    pub path: PathBuf,
}

impl Membership {
    /// The cgroup's directory; `None` if it lies outside of what is mounted here.
    pub fn dir(&self) -> Option<PathBuf> {
        self.hierarchy.dir_of(&self.path)
    }

    /// What `read` finds in the cgroup's directory and in all above it.
    fn on_the_way_up<T>(&self, read: impl Fn(&Path) -> Option<T>) -> Vec<T> {
        let dir = self.dir().unwrap_or_default();
        let is_mounted = |dir: &&Path| dir.starts_with(&self.hierarchy.mount);
        dir.ancestors().take_while(is_mounted).filter_map(read).collect()
    }

    fn number(&self, file: &str) -> Option<u64> {
        number(&self.dir()?.join(file))
    }

    /// The tightest limit; `None` if there is none.
    fn limit(&self, file: &str) -> Option<u64> {
        self.on_the_way_up(|dir| number(&dir.join(file))).into_iter().min()
    }
}

/// What a process may use, and what its cgroup uses now. `None`: no limit, or no
/// controller to tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// The memory limit, in bytes.
    pub memory_limit: Option<u64>,
    /// Memory in use, page cache included, in bytes.
    pub memory_usage: Option<u64>,
    /// The most processes and threads.
    pub pids_limit: Option<u64>,
    /// Processes and threads now.
    pub pids_current: Option<u64>,
    /// The processor time it may use, in processors: 0.5 is half of one.
    pub cpus: Option<f64>,
    /// The processors it may run on, such as `0-1`.
    pub cpuset: Option<String>,
}

/// The cgroups of a process, one in each mounted hierarchy.
///
/// # Errors
/// If there is no such process, or /proc does not show it to us.
pub fn of_process(pid: Pid) -> Result<Vec<Membership>> {
    let path = format!("/proc/{pid}/cgroup");
    let list = kernel_file::read(&path)
        .step(|| format!("read {path}"))
        .map_err(|error| error.with_hint(format!("is there a process {pid}? ps -e lists them")))?;
    memberships(&list)
}

/// The same, told by the lines of a /proc/PID/cgroup.
///
/// # Errors
/// As [`hierarchies`].
pub fn memberships(list: &[u8]) -> Result<Vec<Membership>> {
    let lines = list.split(|&byte| byte == b'\n');
    let places: Vec<_> = lines.filter_map(parse_membership).collect();
    Ok(hierarchies()?
        .into_iter()
        .filter_map(|hierarchy| {
            let is_here = |names: &[String]| match hierarchy.version {
                Version::V1 => names == hierarchy.controllers,
                Version::V2 => names.is_empty(),
            };
            let (_, path) = places.iter().find(|(names, _)| is_here(names))?;
            Some(Membership { path: path.clone(), hierarchy })
        })
        .collect())
}

/// What a process may use, and what its cgroup uses.
///
/// # Errors
/// As [`of_process`].
pub fn limits_of(pid: Pid) -> Result<Usage> {
    of_process(pid).map(|places| Usage::at(&places))
}

impl Usage {
    /// What who is in these cgroups may use, and what is used there.
    pub fn at(places: &[Membership]) -> Self {
        let mut usage = Self::default();
        for place in places {
            let is_v1 = place.hierarchy.version == Version::V1;
            let name = |v1, v2| if is_v1 { v1 } else { v2 };
            if place.hierarchy.has("memory") {
                usage.memory_limit = place.limit(name("memory.limit_in_bytes", "memory.max"));
                usage.memory_usage = place.number(name("memory.usage_in_bytes", "memory.current"));
            }
            if place.hierarchy.has("pids") {
                usage.pids_limit = place.limit("pids.max");
                usage.pids_current = place.number("pids.current");
            }
            if place.hierarchy.has("cpu") {
                let quota = if is_v1 { quota_v1 } else { quota_v2 };
                usage.cpus = place.on_the_way_up(quota).into_iter().min_by(f64::total_cmp);
            }
            if place.hierarchy.has("cpuset") {
                let file = name("cpuset.effective_cpus", "cpuset.cpus.effective");
                let read = |dir: &Path| kernel_file::read_text(dir.join(file)).ok();
                usage.cpuset = place.on_the_way_up(read).first().map(|list| list.trim().to_owned());
            }
        }
        usage
    }
}

/// A file's one number; none for v2's `max`, nor for v1's word for it: the largest
/// multiple of a page that fits 63 bits.
pub(crate) fn number(path: &Path) -> Option<u64> {
    let number: u64 = kernel_file::read_text(path).ok()?.trim().parse().ok()?;
    (number < i64::MAX as u64 - 0xffff).then_some(number)
}

/// `cpu.cfs_quota_us`, -1 for none, out of `cpu.cfs_period_us`.
fn quota_v1(dir: &Path) -> Option<f64> {
    let (quota, period) = (dir.join("cpu.cfs_quota_us"), dir.join("cpu.cfs_period_us"));
    Some(number(&quota)? as f64 / number(&period)? as f64)
}

/// `cpu.max`: `50000 100000`, or `max 100000` for none.
fn quota_v2(dir: &Path) -> Option<f64> {
    let text = kernel_file::read_text(dir.join("cpu.max")).ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}
