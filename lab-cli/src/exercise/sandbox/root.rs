//! The sandbox's root: a small tmpfs with the host's programs, a copy of the image, and files.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use cgroups::{Version, hierarchies};
use mount_ns::Root;
use nix::mount::{MsFlags, mount};
use process::{Result, Step};

use super::outer::target_for;
use super::plan::{IMAGE, Plan, WORK};
use crate::rootfs;

/// Where the root is put together before it becomes the root.
const PLACE: &str = "/tmp";

/// Puts up the root, and makes it the root.
pub fn furnish(plan: &Plan, trees: &[OwnedFd]) -> Result<()> {
    let options = format!("mode=755,size={}", plan.limits.disk);
    mount(Some("sandbox"), PLACE, Some("tmpfs"), MsFlags::MS_NOSUID, Some(options.as_str()))
        .step(|| "mount the sandbox's tmpfs")?;
    let new = Path::new(PLACE);
    for (name, mode) in [("tmp", 0o1777), ("root", 0o700), ("run", 0o755), ("mnt", 0o755)] {
        make_directory(&new.join(name), mode)?;
    }
    make_directory(&new.join(&WORK[1..]), 0o755)?;
    make_directory(&new.join("etc"), 0o755)?;

    let root = Root::open(new)?;
    for ((_, place), tree) in plan.shown.iter().zip(trees) {
        root.place(tree.as_fd(), place, target_for(tree)?)?;
    }
    // Links such as /bin -> usr/bin have no tree of their own.
    for (name, target) in links() {
        symlink(&target, new.join(name))
            .step(|| format!("link /{name} to {}", target.display()))?;
    }
    if let Some(image) = trees.get(plan.shown.len()) {
        let from = Path::new("/proc/self/fd").join(image.as_raw_fd().to_string()).join(".");
        rootfs::copy(&from, &new.join(&IMAGE[1..]))?;
    }
    mount_ns::mount_filesystems(&root)?;
    plan.files.iter().try_for_each(|file| {
        let path = new.join(file.path.strip_prefix("/").unwrap_or(&file.path));
        let step = || format!("write {}", file.path.display());
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).step(step)?;
        }
        let options = &mut File::options();
        let mut new = options.write(true).create_new(true).mode(0o600).open(&path).step(step)?;
        new.write_all(&file.bytes).step(step)?;
        new.set_permissions(Permissions::from_mode(file.mode)).step(step)
    })?;
    plan.links.iter().try_for_each(|(path, target)| {
        symlink(target, new.join(path.strip_prefix("/").unwrap_or(path)))
            .step(|| format!("link {} to {target}", path.display()))
    })?;
    drop(root);
    // Opened anew: the lookup of `pivot` starts at the root it is going to be.
    mount_ns::pivot(&Root::open(new)?)
}

/// The host's links in its root that lead to directories we show.
fn links() -> impl Iterator<Item = (&'static str, PathBuf)> {
    ["bin", "sbin", "lib", "lib32", "lib64", "libx32"].into_iter().filter_map(|name| {
        let target = fs::read_link(Path::new("/").join(name)).ok()?;
        Some((name, target))
    })
}

fn make_directory(path: &Path, mode: u32) -> Result<()> {
    let step = || format!("create {}", path.display());
    fs::create_dir(path).step(step)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).step(step)
}

/// Lets the sandbox make cgroups of its own, below the one that it sees as the root.
pub fn open_cgroups() -> Result<()> {
    for tree in hierarchies()? {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID;
        let flags = flags | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(None::<&str>, &tree.mount, None::<&str>, flags, None::<&str>)
            .step(|| format!("make {} writable", tree.mount.display()))?;
        // A cgroup with processes in it cannot hand controllers down, and a host's root,
        // which may, is what this one plays. So its own processes move aside.
        if tree.version == Version::V2 {
            let aside = tree.mount.join("host");
            fs::create_dir(&aside).step(|| format!("create {}", aside.display()))?;
            fs::write(aside.join("cgroup.procs"), "0").step(|| "move out of the way")?;
        }
    }
    Ok(())
}

/// What systemd does on a host: a copy of a mount table passes on what is mounted in it.
/// Nothing gets out of here by that, because we were cut off from the real host before.
pub fn share_mounts() -> Result<()> {
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_SHARED, nothing)
        .step(|| "make the sandbox's mounts shared")
}
