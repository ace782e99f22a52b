//! Kernel modules: whether trying something would load one.
//!
//! The first overlay that is mounted, or the first bridge, makes the kernel call modprobe,
//! and the module stays afterwards. We only look, so such a thing is not tried: it is
//! enough to know that the module is there.
//!
//! ```text
//!   /sys/module/bridge                      loaded, or built in with parameters
//!   /lib/modules/6.1.0/modules.builtin      built in
//!   /lib/modules/6.1.0/modules.dep          a file to load
//! ```

use std::path::Path;

use super::host::{number, read};

/// What is known of modules before anything is tried.
pub enum Modules {
    /// All there, or nobody knows: trying loads nothing that we could name.
    Ready,
    /// These are files that the kernel would load.
    AtFirstUse(String),
    /// These are files, and loading has been switched off until the next boot.
    LockedOut(String),
}

/// Looks for modules by name, such as `nf_tables`.
pub fn look(names: &[&str]) -> Modules {
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let dir = Path::new("/lib/modules").join(release.trim());
    let lists = [dir.join("modules.builtin"), dir.join("modules.dep")];
    let [builtin, files] = lists.map(|list| read(list).unwrap_or_default());
    let is_file = |name: &&&str| {
        !Path::new("/sys/module").join(name).exists()
            && !lists_module(&builtin, name)
            && lists_module(&files, name)
    };
    let files: Vec<&str> = names.iter().filter(is_file).copied().collect();
    match number("/proc/sys/kernel/modules_disabled") {
        _ if files.is_empty() => Modules::Ready,
        Some(1) => Modules::LockedOut(files.join(", ")),
        _ => Modules::AtFirstUse(files.join(", ")),
    }
}

/// `kernel/net/bridge/bridge.ko.xz: kernel/net/802/stp.ko.xz`; the kernel takes dash
/// and underscore for the same.
fn lists_module(list: &str, name: &str) -> bool {
    list.lines().any(|line| {
        let path = line.split(':').next().unwrap_or(line);
        let file = path.rsplit('/').next().unwrap_or(path);
        file.split('.').next().is_some_and(|file| file.replace('-', "_") == name)
    })
}

#[cfg(test)]
mod tests {
    use super::lists_module;

    #[test]
    fn a_module_is_found_by_its_own_line_only() {
        let list = "kernel/net/bridge/bridge.ko.xz: kernel/net/llc/llc.ko.xz\nkernel/a/x-y.ko:\n";
        assert!(lists_module(list, "bridge"));
        assert!(lists_module(list, "x_y"));
        assert!(!lists_module(list, "llc"));
        assert!(!lists_module(list, "bri"));
    }
}
