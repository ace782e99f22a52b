//! Where the cgroups are: hierarchies, their controllers and their mounts.
//!
//! A *controller* limits one kind of thing: `memory`, `cpu`, `pids` … A *hierarchy* is
//! a tree of cgroups with some controllers attached, and every process is in exactly
//! one cgroup of each hierarchy. There are two generations, cgroups(7):
//!
//! ```text
//!   v2 (unified)               v1                          hybrid
//!   /sys/fs/cgroup             /sys/fs/cgroup/memory       v1 for most of them, and
//!     memory cpu pids io …     /sys/fs/cgroup/cpu,cpuacct  /sys/fs/cgroup/unified
//!                              /sys/fs/cgroup/pids …       a v2 tree with the rest
//! ```
//!
//! A controller is in one hierarchy at a time, so on a hybrid host the v2 tree offers
//! only what no v1 hierarchy has taken. Nothing guarantees any of these paths; what
//! tells the truth are two files:
//!
//! ```text
//!   /proc/self/cgroup      4:memory:/user.slice      hierarchy, controllers, our path
//!                          0::/user.slice            v2: always number 0, no names
//!   /proc/self/mountinfo   … / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
//! ```

use std::fs;
use std::path::{Component, Path, PathBuf};

use process::{Result, Step};

/// The generation of a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One of several trees, with the controllers it was mounted with.
    V1,
    /// The one unified tree.
    V2,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        })
    }
}

/// A tree of cgroups that is mounted somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Its generation.
    pub version: Version,
    /// What it controls, such as `["cpu", "cpuacct"]`. A v1 hierarchy that only
    /// groups processes has a name instead: `["name=systemd"]`.
    pub controllers: Vec<String>,
    /// Where it is mounted, such as `/sys/fs/cgroup/memory`.
    pub mount: PathBuf,
    /// The cgroup that is seen there: `/`, unless only a part of the tree is mounted.
    pub root: PathBuf,
}

impl Hierarchy {
    /// Whether this is where `controller` lives.
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|name| name == controller)
    }

    /// Whether there is anything to limit or to measure in it.
    ///
    /// A named v1 hierarchy has no controller: it is a service manager's record of
    /// which process belongs to which session. Containers leave it alone, and so
    /// stay a part of the session they were started from.
    pub(crate) fn is_for_limits(&self) -> bool {
        self.version == Version::V2 || !self.controllers.iter().any(|name| name.contains('='))
    }

    /// The directory of the cgroup that /proc calls `path`, if the mount shows it.
    pub(crate) fn dir_of(&self, path: &Path) -> Option<PathBuf> {
        let below = path.strip_prefix(&self.root).ok()?;
        // What lies above the root of our own cgroup namespace is shown as `/../…`.
        let is_below = below.components().all(|part| part != Component::ParentDir);
        is_below.then(|| self.mount.join(below))
    }
}

/// Every mounted hierarchy, v2 first.
///
/// # Errors
/// If /proc is not mounted, or a hierarchy cannot be read.
pub fn hierarchies() -> Result<Vec<Hierarchy>> {
    let mounts = read("/proc/self/mountinfo")?;
    let mounts: Vec<Mount> = mounts.lines().filter_map(Mount::parse).collect();
    let mut hierarchies = Vec::new();
    for line in read("/proc/self/cgroup")?.lines().rev() {
        let Some((names, _)) = parse_membership(line) else { continue };
        // The same tree may be mounted twice: take the mount that shows most of it.
        let mount = mounts.iter().filter(|mount| mount.is_of(&names));
        let Some(mount) = mount.min_by_key(|mount| mount.root.len()) else { continue };
        hierarchies.push(mount.to_hierarchy(names)?);
    }
    Ok(hierarchies)
}

/// The controllers of v1 whose work is a part of every v2 cgroup: `cpu.stat`,
/// `cgroup.freeze`, eBPF programs for devices and performance counters.
const BUILT_INTO_V2: [&str; 4] = ["cpuacct", "freezer", "devices", "perf_event"];

/// The controllers that this kernel has and no mounted hierarchy offers, as far as
/// /proc/cgroups tells: newer kernels list only those of v1 there.
pub fn unmounted_controllers(hierarchies: &[Hierarchy]) -> Vec<String> {
    let has_v2 = hierarchies.iter().any(|tree| tree.version == Version::V2);
    let is_offered = |name: &str| {
        // v2 calls it `io`.
        let is_io = |tree: &Hierarchy| name == "blkio" && tree.has("io");
        hierarchies.iter().any(|tree| tree.has(name) || is_io(tree))
            || has_v2 && BUILT_INTO_V2.contains(&name)
    };
    // `name  hierarchy  num_cgroups  enabled`, after a heading.
    fs::read_to_string("/proc/cgroups")
        .unwrap_or_default()
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !is_offered(name))
        .map(str::to_owned)
        .collect()
}

/// A line of /proc/PID/cgroup: the names (none for v2) and the process's cgroup.
pub(crate) fn parse_membership(line: &str) -> Option<(Vec<String>, PathBuf)> {
    let (_, rest) = line.split_once(':')?;
    let (names, path) = rest.split_once(':')?;
    let names = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some((names, PathBuf::from(path)))
}

/// A line of /proc/self/mountinfo, as far as it matters here, proc_pid_mountinfo(5).
struct Mount<'a> {
    root: &'a str,
    target: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    /// `31 23 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory`
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, target) = (mount.next()?, mount.next()?);
        let mut filesystem = filesystem.split(' ');
        let (kind, options) = (filesystem.next()?, filesystem.nth(1)?);
        Some(Self { root, target, kind, options })
    }

    /// Whether the hierarchy that /proc/self/cgroup lists with `names` is mounted here.
    fn is_of(&self, names: &[String]) -> bool {
        match names {
            [] => self.kind == "cgroup2",
            names => {
                self.kind == "cgroup"
                    && names.iter().all(|name| self.options.split(',').any(|has| has == name))
            }
        }
    }

    fn to_hierarchy(&self, names: Vec<String>) -> Result<Hierarchy> {
        let mount = PathBuf::from(self.target);
        let (version, controllers) = match self.kind {
            "cgroup2" => {
                let available = read(mount.join("cgroup.controllers"))?;
                (Version::V2, available.split_whitespace().map(str::to_owned).collect())
            }
            _ => (Version::V1, names),
        };
        Ok(Hierarchy { version, controllers, mount, root: PathBuf::from(self.root) })
    }
}

fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path).step(|| format!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_co_mounted_hierarchy_is_found_by_all_its_controllers() {
        let line =
            "31 23 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct";
        let mount = Mount::parse(line).unwrap();
        let (names, path) = parse_membership("4:cpu,cpuacct:/user.slice").unwrap();
        assert!(mount.is_of(&names));
        assert_eq!(path, Path::new("/user.slice"));
        assert!(!mount.is_of(&["cpuset".to_owned()]));
        assert!(!mount.is_of(&[]), "the names of v2 are empty, and this is v1");
    }

    #[test]
    fn a_part_of_a_tree_is_mapped_to_where_it_is_mounted() {
        let hierarchy = Hierarchy {
            version: Version::V2,
            controllers: Vec::new(),
            mount: "/sys/fs/cgroup".into(),
            root: "/docker/abc".into(),
        };
        let dir = hierarchy.dir_of(Path::new("/docker/abc/lab"));
        assert_eq!(dir, Some("/sys/fs/cgroup/lab".into()));
        assert_eq!(hierarchy.dir_of(Path::new("/user.slice")), None);
        assert_eq!(hierarchy.dir_of(Path::new("/docker/abc/../lab")), None);
    }
}
