//! The cgroups of a container, on hosts of either version.

use std::fs;
use std::path::PathBuf;

use crate::kernel::mounts;

/// Where cgroups are mounted on this host.
fn hierarchies() -> Vec<PathBuf> {
    let is_cgroup = |line: &&str| line.contains(" - cgroup");
    let target = |line: &str| line.split(' ').nth(4).map(PathBuf::from);
    mounts().lines().filter(is_cgroup).filter_map(target).collect()
}

/// The directories of the container `id` that there are, one in each hierarchy.
pub fn dirs(id: &str) -> Vec<PathBuf> {
    let dirs = hierarchies().into_iter().map(|mount| mount.join("lab").join(id));
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
