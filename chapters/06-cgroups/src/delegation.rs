//! The part of a tree in which we may make cgroups.
//!
//! A cgroup is a directory, and whoever may write to it makes others below. For root that
//! is the whole tree. To an ordinary user it can be *delegated*, cgroups(7): root makes a
//! directory, gives it and the files in it away, and puts the user's shell below it.
//! systemd does that for each user who logs in, in v2:
//!
//! ```text
//!   /sys/fs/cgroup                                   root's
//!   └── user.slice/user-1000.slice                   root's
//!       └── user@1000.service                        user 1000's, and so is all below
//!           ├── app.slice/run-r4711.scope            our shell
//!           └── lab-3f9c0a1b2c4d                     a container of ours
//! ```
//!
//! So we look for the topmost writable directory above our own process. Not elsewhere:
//! v2 lets us move a process only between cgroups below one that is ours as well, that
//! nobody leaves a limit which was set on him.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use process::Error;

use crate::{Hierarchy, Membership, Version};

/// The topmost cgroup in which we may make others.
///
/// # Errors
/// The kernel's answer, if there is none.
pub(crate) fn find(place: &Membership) -> std::result::Result<PathBuf, Errno> {
    let mount = &place.hierarchy.mount;
    // Our own lies outside of what is mounted, as seen from some cgroup namespaces.
    let own = place.dir().unwrap_or_else(|| mount.clone());
    let mut answer = Err(Errno::EACCES);
    for dir in own.ancestors().take_while(|dir| dir.starts_with(mount)) {
        match check(place.hierarchy.version, dir) {
            Ok(()) => answer = Ok(dir.to_owned()),
            Err(errno) if answer.is_err() => answer = Err(errno),
            Err(_) => {}
        }
    }
    answer
}

/// Asks whether we may make a cgroup at `path`, from the root of the hierarchy on.
///
/// # Errors
/// The kernel's answer, if we may not.
pub(crate) fn check_at(hierarchy: &Hierarchy, path: &Path) -> std::result::Result<PathBuf, Errno> {
    let place = hierarchy.mount.join(path);
    let nearest = place.ancestors().skip(1).find(|dir| dir.exists());
    check(hierarchy.version, nearest.unwrap_or(&hierarchy.mount))?;
    Ok(hierarchy.mount.clone())
}

fn check(version: Version, dir: &Path) -> nix::Result<()> {
    access(dir, AccessFlags::W_OK)?;
    match version {
        Version::V1 => Ok(()),
        Version::V2 => access(&dir.join("cgroup.procs"), AccessFlags::W_OK),
    }
}

/// Adds how one gets a part of the tree: what an ordinary user types.
pub(crate) fn explain(error: Error, tree: &Hierarchy) -> Error {
    if error.errno() == Some(Errno::EROFS) {
        return error.with_hint("cgroups are read-only here, as in most containers");
    }
    let has_systemd = Path::new("/run/systemd/system").exists();
    let mine = tree.mount.join("$USER");
    let mine = mine.display();
    let way = match tree.version {
        Version::V2 if has_systemd => {
            "systemd-run --user --scope -p Delegate=yes lab run …".to_owned()
        }
        // The shell has to be one further down: see group.rs on internal processes.
        Version::V2 => format!(
            "sudo sh -c \"mkdir -p {mine}/shell && chown -R $USER {mine} && \
             echo $$ > {mine}/shell/cgroup.procs\""
        ),
        Version::V1 => format!(
            "sudo sh -c \"mkdir {mine} && chown -R $USER {mine} && echo $$ > {mine}/tasks\""
        ),
    };
    error.with_hint(format!("run it with sudo, or get a part of the tree: {way}"))
}
