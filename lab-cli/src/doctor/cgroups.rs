//! Control groups: which generation, and where each controller can be used.
//!
//! No cgroup is made to find out. The kernel asks for two things of one's maker, and both
//! can be seen: that the directory may be written to, and in v2 that the controller is
//! handed down, or could be.

use std::path::Path;

use ::cgroups::{Hierarchy, Version, hierarchies, unmounted_controllers};
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::{AccessFlags, faccessat};

use super::check::{Check, from};
use super::host::{Host, read};
use super::kernel::newer_kernel;

/// The controllers of the chapters: the name in v1, in v2, whose work is it where v2
/// has no controller, and the first chapter.
#[rustfmt::skip]
const CONTROLLERS: [(&str, &str, Option<&str>, usize); 6] = [
    ("memory", "memory", None, 6),
    ("cpu", "cpu", None, 6),
    ("cpuset", "cpuset", None, 6),
    ("pids", "pids", None, 6),
    ("blkio", "io", None, 6),
    ("devices", "devices", Some("an eBPF program on each cgroup"), 9),
];

/// What makes every controller available that no v1 hierarchy has taken.
const MOUNT_V2: &str = "mount -t cgroup2 cgroup2 /sys/fs/cgroup";

/// The layout, and each controller.
pub fn checks(host: &Host) -> Vec<Check> {
    let trees = match hierarchies() {
        Ok(trees) => trees,
        Err(error) => return vec![Check::missing("layout", error.to_string()).chapters([6])],
    };
    let idle = unmounted_controllers(&trees);
    let controllers = CONTROLLERS.iter().map(|(v1, v2, built_in, chapter)| {
        let check = match find(&trees, v1, v2, *built_in) {
            Some((tree, built_in)) => usable(host, v2, tree, built_in),
            None => absent(host, v1, v2, idle.iter().any(|name| name == v1 || name == v2)),
        };
        check.chapters(from(*chapter))
    });
    [layout(host, &trees)].into_iter().chain(controllers).collect()
}

fn layout(host: &Host, trees: &[Hierarchy]) -> Check {
    let unified = trees.iter().find(|tree| tree.version == Version::V2);
    let v1 = trees.iter().filter(|tree| tree.version == Version::V1).count();
    let check = match (unified, v1) {
        (None, 0) => Check::missing("layout", "no hierarchy is mounted: nothing can be limited")
            .fix(host.as_root(match v1_names("memory") {
                Some(_) => "mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup",
                None => MOUNT_V2,
            })),
        (Some(tree), 0) => Check::works("layout", format!("v2, at {}", tree.mount.display())),
        (None, v1) => Check::works("layout", format!("v1, {v1} hierarchies")),
        (Some(tree), v1) => {
            let left = match tree.controllers.as_slice() {
                [] => "no controller".to_owned(),
                some => some.join(", "),
            };
            Check::works("layout", format!("hybrid: {v1} hierarchies of v1, and v2 with {left}"))
        }
    };
    check.chapters([6]).required()
}

/// The hierarchy where a controller's work is done, and what does it in v2.
fn find<'a>(
    trees: &'a [Hierarchy],
    v1: &str,
    v2: &str,
    built_in: Option<&'a str>,
) -> Option<(&'a Hierarchy, Option<&'a str>)> {
    let is_here = |tree: &&Hierarchy| match tree.version {
        Version::V1 => tree.has(v1),
        Version::V2 => tree.has(v2),
    };
    let unified = || trees.iter().find(|tree| tree.version == Version::V2);
    let own = trees.iter().find(is_here).map(|tree| (tree, None));
    own.or_else(|| Some((unified()?, Some(built_in?))))
}

fn absent(host: &Host, v1: &str, name: &'static str, is_idle: bool) -> Check {
    if !is_idle {
        return Check::missing(name, "no mounted hierarchy has it").fix(newer_kernel(host));
    }
    let mount = match v1_names(v1) {
        Some(names) => {
            let dir = format!("/sys/fs/cgroup/{names}");
            format!("mkdir -p {dir} && mount -t cgroup -o {names} cgroup {dir}")
        }
        None => MOUNT_V2.to_owned(),
    };
    Check::missing(name, "in the kernel, and in no mounted hierarchy").fix(host.as_root(&mount))
}

/// The controllers of the v1 hierarchy that has `name`, mounted or not. A mount of one has
/// to name them all.
fn v1_names(name: &str) -> Option<String> {
    let table = read("/proc/self/cgroup")?;
    let mut names = table.lines().filter_map(|line| line.split(':').nth(1));
    names.find(|names| names.split(',').any(|has| has == name)).map(str::to_owned)
}

fn usable(host: &Host, name: &'static str, tree: &Hierarchy, built_in: Option<&str>) -> Check {
    let place = match built_in {
        Some(how) => format!("{}: {how}", tree.version),
        None => format!("{} at {}", tree.version, tree.mount.display()),
    };
    match writable(&tree.mount) {
        Ok(()) if built_in.is_none() && is_crowded(tree, name) => {
            let dir = tree.mount.display();
            let seen = format!("{place}; processes in there keep it from being handed down");
            let command = format!(
                "sh -c 'mkdir -p {dir}/init; for pid in $(cat {dir}/cgroup.procs); do \
                 echo $pid > {dir}/init/cgroup.procs; done'"
            );
            Check::limited(name, seen).fix(host.as_root(&command))
        }
        Ok(()) => Check::works(name, format!("{place}, writable")),
        Err(Errno::EROFS) => {
            let command = format!("mount -o remount,rw {}", tree.mount.display());
            Check::limited(name, format!("{place}, mounted read-only: no limits"))
                .fix(host.as_root(&command))
        }
        Err(_) => {
            let seen = format!("{place}, not writable for {}: no limits", host.user);
            Check::limited(name, seen).fix("sudo lab run …")
        }
    }
}

/// Whether this process may write, by its effective ids and what is mounted.
fn writable(path: &Path) -> nix::Result<()> {
    faccessat(nix::fcntl::AT_FDCWD, path, AccessFlags::W_OK, AtFlags::AT_EACCESS)
}

/// v2: whether a controller is still to be handed down, in a cgroup that must not do
/// so because it has processes itself. Only the real root may, and has no `cgroup.type`.
fn is_crowded(tree: &Hierarchy, name: &str) -> bool {
    let file = |file: &str| read(tree.mount.join(file));
    let is_given = file("cgroup.subtree_control")
        .is_some_and(|names| names.split_whitespace().any(|given| given == name));
    tree.version == Version::V2
        && !is_given
        && file("cgroup.type").is_some()
        && file("cgroup.procs").is_some_and(|processes| !processes.is_empty())
}
