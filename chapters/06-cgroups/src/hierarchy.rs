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

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use mount_ns::{Mounted, mount_table};
use process::{Result, Step, kernel_file};

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
        // A place above the root of our own cgroup namespace is shown as `/../…`.
        let is_below = below.components().all(|part| part != Component::ParentDir);
        is_below.then(|| self.mount.join(below))
    }
}

/// Every mounted hierarchy, v2 first.
///
/// # Errors
/// If /proc is not mounted, or a hierarchy cannot be read.
pub fn hierarchies() -> Result<Vec<Hierarchy>> {
    let mounts = mount_table()?;
    let mut hierarchies = Vec::new();
    let list = kernel_file::read("/proc/self/cgroup").step(|| "read /proc/self/cgroup")?;
    for line in list.split(|&byte| byte == b'\n').rev() {
        let Some((names, _)) = parse_membership(line) else { continue };
        // The same tree may be mounted twice: take the mount that shows most of it.
        let mount = mounts.iter().filter(|mount| is_of(mount, &names));
        let Some(mount) = mount.min_by_key(|mount| mount.root.as_os_str().len()) else { continue };
        hierarchies.push(to_hierarchy(mount, names)?);
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
    kernel_file::read_text("/proc/cgroups")
        .unwrap_or_default()
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !is_offered(name))
        .map(str::to_owned)
        .collect()
}

/// A line of /proc/PID/cgroup: the names (none for v2) and the process's cgroup.
pub(crate) fn parse_membership(line: &[u8]) -> Option<(Vec<String>, PathBuf)> {
    let mut fields = line.splitn(3, |&byte| byte == b':').skip(1);
    // A controller's name is the kernel's, a cgroup's is anybody's: bytes.
    let (names, path) = (str::from_utf8(fields.next()?).ok()?, fields.next()?);
    let names = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some((names, PathBuf::from(OsStr::from_bytes(path))))
}

/// Whether the hierarchy that /proc/self/cgroup lists with `names` is mounted here.
fn is_of(mount: &Mounted, names: &[String]) -> bool {
    let has =
        |name: &String| mount.options.split(|&byte| byte == b',').any(|it| it == name.as_bytes());
    match names {
        [] => mount.kind == b"cgroup2",
        names => mount.kind == b"cgroup" && names.iter().all(has),
    }
}

fn to_hierarchy(mount: &Mounted, names: Vec<String>) -> Result<Hierarchy> {
    let (version, controllers) = match &*mount.kind {
        b"cgroup2" => {
            let file = mount.target.join("cgroup.controllers");
            // Its names are the kernel's.
            let available =
                kernel_file::read_text(&file).step(|| format!("read {}", file.display()))?;
            (Version::V2, available.split_whitespace().map(str::to_owned).collect())
        }
        _ => (Version::V1, names),
    };
    Ok(Hierarchy { version, controllers, mount: mount.target.clone(), root: mount.root.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_co_mounted_hierarchy_is_found_by_all_its_controllers() {
        let mount = Mounted {
            root: "/".into(),
            target: "/sys/fs/cgroup/cpu,cpuacct".into(),
            kind: b"cgroup".into(),
            source: "cgroup".into(),
            options: b"rw,cpu,cpuacct".into(),
        };
        let (names, path) = parse_membership(b"4:cpu,cpuacct:/user.slice").unwrap();
        assert!(is_of(&mount, &names));
        assert_eq!(path, Path::new("/user.slice"));
        assert!(!is_of(&mount, &["cpuset".to_owned()]));
        assert!(!is_of(&mount, &[]), "the names of v2 are empty, and this is v1");
    }

    #[test]
    fn a_part_of_a_tree_is_mapped_to_where_it_is_mounted() {
        let hierarchy = Hierarchy {
            version: Version::V2,
            controllers: Vec::new(),
            mount: "/sys/fs/cgroup".into(),
            root: "/docker/abc".into(),
        };
        let dir = hierarchy.dir_of(Path::new("/docker/abc/own"));
        assert_eq!(dir, Some("/sys/fs/cgroup/own".into()));
        assert_eq!(hierarchy.dir_of(Path::new("/user.slice")), None);
        assert_eq!(hierarchy.dir_of(Path::new("/docker/abc/../own")), None);
    }
}
