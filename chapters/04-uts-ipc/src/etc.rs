//! Files in the container's /etc that tell what the runtime knows.
//!
//! Written into the root file system they would stay there, wrong for the next
//! container. So they live on a tmpfs without a place, each is bound over its name in
//! /etc, and the kernel frees them with the container:
//!
//! ```text
//!   tmpfs (no place)              rootfs
//!   ├─ hostname ───── bind ─────▶ /etc/hostname
//!   └─ hosts ──────── bind ─────▶ /etc/hosts
//! ```
//!
//! For a moment the tmpfs does have one, all over /etc: before Linux 6.15, only what is
//! mounted somewhere can be bound elsewhere.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use mount_ns::{Root, Target, bind_from, detached_tmpfs};
use nix::fcntl::{OFlag, openat};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::{Mode, fchmod};
use process::{Result, Step};

/// A name in /etc, and what is shown there.
pub type EtcFile = (&'static str, Vec<u8>);

// ANCHOR: show
/// Shows files in the container's /etc.
pub fn show_in_etc(root: &Root, files: &[EtcFile]) -> Result<()> {
    let (etc, tmpfs) = (Path::new("/etc"), detached_tmpfs()?);
    root.place(tmpfs.as_fd(), etc, Target::Directory)?;
    let mut mounts = Vec::new();
    for (name, contents) in files {
        let step = || format!("write the container's /etc/{name}");
        let new = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o644);
        let file = openat(&tmpfs, *name, new, mode).step(step)?;
        // Readable for every user in there, whatever the umask of ours outside.
        fchmod(&file, mode).step(step)?;
        File::from(file).write_all(contents).step(step)?;
        mounts.push((etc.join(name), bind_from(tmpfs.as_fd(), Path::new(name))?));
    }
    let place = format!("/proc/self/fd/{}", tmpfs.as_raw_fd());
    umount2(place.as_str(), MntFlags::MNT_DETACH).step(|| "take the tmpfs off /etc")?;
    mounts.iter().try_for_each(|(path, mount)| root.place(mount.as_fd(), path, Target::File))
}
// ANCHOR_END: show
