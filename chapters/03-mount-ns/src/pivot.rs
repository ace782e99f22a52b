//! A mount table of one's own, and a root without a way back: `pivot_root(2)`.
//!
//! A new mount namespace starts as a *copy* of the host's table. Two steps make it
//! the container's own:
//!
//! ```text
//!   clone(CLONE_NEWNS)       isolate()             pivot()
//!   / (host)  shared ─┐      / (host)  private     / (rootfs)
//!   ├─ /proc          │      ├─ /proc              ├─ /proc
//!   └─ /home          │      └─ /home              └─ /dev
//!   host's table ◀────┘      host's table: no      the host's root is not
//!   mounts travel            longer connected      in the table any more
//! ```
//!
//! After chroot the host's tree was still mounted, one lookup away. After
//! pivot_root it is gone from the namespace: there is nothing to climb to.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, fchdir, pivot_root};
use process::{Error, Result, Step, kernel_file};

use crate::Root;

// ANCHOR: isolate
/// Cuts the copied mount table off from the host's.
///
/// systemd makes every mount *shared*, and a copy of a shared mount tells the
/// original what is mounted below it: mount_namespaces(7). So this comes before any
/// mount, or the host gets the container's /proc over its own.
pub fn isolate() -> Result<()> {
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
        .step(|| "make all mounts private")
        .map_err(explain)
}
// ANCHOR_END: isolate

// ANCHOR: pivot
/// Makes `root` the root of the mount namespace and takes the host's away.
pub fn pivot(root: &Root) -> Result<()> {
    fchdir(root.as_fd()).step(|| "change to the new root")?;
    // With both arguments the same, the old root ends up mounted on top of the new
    // one, and needs no directory in it: pivot_root(2), NOTES.
    pivot_root(".", ".").step(|| "pivot_root").map_err(explain)?;
    // We stand in the new root, but a mount point is looked up to the top of what is
    // stacked there. Detached, the old root goes away as soon as nobody uses it.
    umount2(".", MntFlags::MNT_DETACH).step(|| "detach the host's root")?;
    chdir("/").step(|| "change to the new root")
}
// ANCHOR_END: pivot

/// What to do where `/` is no mount point, which both calls need it to be.
pub const ENTER_OTHERWISE: &str = "in a chroot / is no mount point: enter that directory by pivot_root, as systemd-nspawn -D does";

fn explain(error: Error) -> Error {
    if is_chroot() { error.with_hint(ENTER_OTHERWISE) } else { error }
}

/// Whether we are in a chroot of somebody's: then nothing is mounted on what is `/` for us.
pub fn is_chroot() -> bool {
    let table = kernel_file::read("/proc/self/mountinfo").unwrap_or_default();
    let mut lines = table.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    // The fifth word is where it is mounted: proc_pid_mountinfo(5).
    let is_root = |line: &[u8]| line.split(|&byte| byte == b' ').nth(4) == Some(b"/");
    !table.is_empty() && !lines.any(is_root)
}
