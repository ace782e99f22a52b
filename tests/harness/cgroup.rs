//! The cgroups of a container, on hosts of either version.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use crate::eventually;
use crate::kernel::mounts;

/// Where cgroups are mounted on this host.
fn hierarchies() -> Vec<PathBuf> {
    let is_cgroup = |line: &&str| line.contains(" - cgroup");
    let target = |line: &str| line.split(' ').nth(4).map(PathBuf::from);
    mounts().lines().filter(is_cgroup).filter_map(target).collect()
}

/// Where the v2 hierarchy is mounted, if `controller` is in it and not in one of v1.
pub fn unified_with(controller: &str) -> Option<PathBuf> {
    let offers = |mount: &PathBuf| {
        let names = fs::read_to_string(mount.join("cgroup.controllers")).unwrap_or_default();
        names.split_whitespace().any(|name| name == controller)
    };
    hierarchies().into_iter().find(offers)
}

/// Where the v1 hierarchy with `controller` is mounted.
pub fn v1_with(controller: &str) -> Option<PathBuf> {
    let is_it = |line: &&str| {
        let options = line.split_once(" - cgroup ").map(|(_, filesystem)| filesystem);
        options.is_some_and(|options| options.split([' ', ',']).any(|name| name == controller))
    };
    let mounts = mounts();
    Some(mounts.lines().find(is_it)?.split(' ').nth(4)?.into())
}

/// The directories of the container `id` that there are, one in each hierarchy.
pub fn dirs(id: &str) -> Vec<PathBuf> {
    let dirs = hierarchies().into_iter().map(|mount| mount.join(format!("lab-{id}")));
    dirs.filter(|dir| dir.exists()).collect()
}

/// What one of the container's files says: by its name in v1, or the one in v2.
///
/// `None` if this kernel has neither.
pub fn read(id: &str, v1: &str, v2: &str) -> Option<String> {
    let dirs = dirs(id);
    let mut files =
        [v1, v2].into_iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name)));
    files.find_map(|file| fs::read_to_string(file).ok()).map(|text| text.trim().to_owned())
}

/// The number after `key` in such a file, as in `nr_throttled 12`.
pub fn field(id: &str, v1: (&str, &str), v2: (&str, &str)) -> Option<u64> {
    [v1, v2].into_iter().find_map(|(file, key)| {
        let text = read(id, file, file)?;
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?;
        value.parse().ok()
    })
}

/// Cgroups that were given to an ordinary user, one for each hierarchy with some of the
/// controllers. Dropping it removes them.
pub struct Delegated {
    dirs: Vec<PathBuf>,
}

impl Delegated {
    /// Makes them; each has a child `shell`, for the user's first process.
    pub fn to(user: u32, controllers: &[&str]) -> Self {
        let is_offered = |mount: &Path, name: &str| {
            if mount.join("cgroup.controllers").exists() {
                fs::read_to_string(mount.join("cgroup.controllers"))
                    .is_ok_and(|all| all.split_whitespace().any(|offered| offered == name))
            } else {
                mount.ends_with(name)
            }
        };
        let mut delegated = Self { dirs: Vec::new() };
        for mount in hierarchies() {
            let mut offered = controllers.iter().filter(|name| is_offered(&mount, name)).peekable();
            if offered.peek().is_none() {
                continue;
            }
            // One in between hands down these controllers and no others, whatever the root does.
            let between = mount.join(format!("lab-test-{}", std::process::id()));
            let dir = between.join("theirs");
            fs::create_dir(&between).expect("a cgroup");
            delegated.dirs.push(dir.clone());
            for name in offered {
                for giver in [&mount, &between] {
                    // Of v1 there is no such file, and no need for it.
                    let _ = fs::write(giver.join("cgroup.subtree_control"), format!("+{name}"));
                }
            }
            fs::create_dir(&dir).expect("a cgroup");
            fs::create_dir(dir.join("shell")).expect("a cgroup");
            for dir in [dir.clone(), dir.join("shell")] {
                chown(&dir, Some(user), Some(user)).expect("it is given away");
                for file in fs::read_dir(&dir).expect("its files").flatten() {
                    let _ = chown(file.path(), Some(user), Some(user));
                }
            }
        }
        delegated
    }

    /// A shell command by which a process of root's enters them.
    pub fn enter(&self) -> String {
        let enter = |dir: &PathBuf| format!("echo 0 > {}/shell/cgroup.procs; ", dir.display());
        self.dirs.iter().map(enter).collect()
    }

    /// What there is in them beside the shell.
    pub fn containers(&self) -> Vec<PathBuf> {
        let inside = self.dirs.iter().flat_map(|dir| fs::read_dir(dir).expect("it is there"));
        let dirs = inside.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
        dirs.filter(|dir| !dir.ends_with("shell")).collect()
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        let from_below = |dir: &PathBuf| [dir.join("shell"), dir.clone(), dir.with_file_name("")];
        for dir in self.dirs.iter().flat_map(from_below) {
            eventually("the cgroup is empty", || fs::remove_dir(&dir).is_ok());
        }
    }
}
