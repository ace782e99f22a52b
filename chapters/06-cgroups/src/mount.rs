//! What the container sees of its cgroup: /sys/fs/cgroup, as it is laid out on the
//! host, read-only, with the container's own cgroup at the top.
//!
//! The mounts are new ones, made inside the cgroup namespace, which makes `/` of the
//! namespace their root: there is no `..` that leads to the host's cgroups.
//! Read-only keeps the container from raising its own limits; a root that may mount
//! could still change that, until chapter 9 takes the capability away.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use process::{Result, Step};

use crate::group::Group;
use crate::{Cgroup, Version};

/// Where cgroups are by convention.
const TARGET: &str = "/sys/fs/cgroup";

impl Cgroup {
    /// In the child, when its /sys is in place: mounts /sys/fs/cgroup.
    pub fn mount_inside(&self) -> Result<()> {
        // A root without /sys has no place to show it.
        let has_place = Path::new(TARGET).try_exists().step(|| format!("look at {TARGET}"))?;
        match self.groups.0.as_slice() {
            [] => Ok(()),
            _ if !has_place => Ok(()),
            [only] if only.hierarchy.version == Version::V2 => mount_only(only),
            several => mount_all(several),
        }
    }
}

/// v2: the hierarchy itself.
fn mount_only(group: &Group) -> Result<()> {
    let target = Path::new(TARGET);
    match mount_hierarchy(group, target) {
        // Where the host's own /sys is shown, the hierarchy is there already, from its root
        // on, and the kernel mounts no file system on itself. Something in between will do.
        Err(error) if error.errno() == Some(Errno::EBUSY) => {
            cover(target)?;
            mount_hierarchy(group, target)
        }
        mounted => mounted,
    }
}

/// v1 and hybrid: a directory for each hierarchy, in a small tmpfs.
fn mount_all(groups: &[Group]) -> Result<()> {
    let target = Path::new(TARGET);
    cover(target)?;
    for group in groups {
        let controllers = &group.hierarchy.controllers;
        let name = group.hierarchy.mount.file_name().unwrap_or(OsStr::new("unified"));
        let dir = target.join(name);
        fs::create_dir(&dir).step(|| format!("create {}", dir.display()))?;
        mount_hierarchy(group, &dir)?;
        // Two controllers in one hierarchy: each is found by its own name as well.
        for alias in controllers.iter().filter(|_| group.hierarchy.version == Version::V1) {
            if OsStr::new(alias) != name {
                let link = target.join(alias);
                symlink(name, &link).step(|| format!("link {}", link.display()))?;
            }
        }
    }
    // The mount, not the file system: MS_BIND says so, see mount(2).
    mount(
        None::<&str>,
        target,
        None::<&str>,
        harmless() | MsFlags::MS_REMOUNT | MsFlags::MS_BIND,
        None::<&str>,
    )
    .step(|| format!("make {TARGET} read-only"))
}

fn cover(target: &Path) -> Result<()> {
    let flags = harmless() & !MsFlags::MS_RDONLY;
    mount(Some("tmpfs"), target, Some("tmpfs"), flags, Some("mode=755,size=64k"))
        .step(|| format!("mount a tmpfs on {}", target.display()))
}

// ANCHOR: mount
fn mount_hierarchy(group: &Group, dir: &Path) -> Result<()> {
    let (kind, options) = match group.hierarchy.version {
        // The controllers name the hierarchy: there is one that has exactly these.
        Version::V1 => ("cgroup", group.hierarchy.controllers.join(",")),
        Version::V2 => ("cgroup2", String::new()),
    };
    mount(Some("cgroup"), dir, Some(kind), harmless(), Some(options.as_str()))
        .step(|| format!("mount {kind} on {}", dir.display()))
}

fn harmless() -> MsFlags {
    MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC
}
// ANCHOR_END: mount
