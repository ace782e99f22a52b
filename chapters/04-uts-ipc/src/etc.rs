//! Files in the container's /etc that tell what the runtime knows.
//!
//! Written into the root file system they would stay there, wrong for the next
//! container. So they are made in the container's own /dev, which is a tmpfs, each is
//! bound over its name in /etc, and the name it was made under is removed again. The
//! mount keeps the file, and the kernel frees both with the container:
//!
//! ```text
//!   /dev (tmpfs)                  rootfs
//!   ├─ hostname ───── bind ─────▶ /etc/hostname
//!   └─ hosts ──────── bind ─────▶ /etc/hosts
//! ```
//!
//! A tmpfs that is mounted nowhere would leave no such trace in /dev, but only since
//! Linux 6.15 may mounts be copied from one.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use mount_ns::{Root, Target, bind_from};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};
use process::{Result, Step};

/// Shows `files`, pairs of a name and its contents, in the container's /etc.
///
/// Its /dev has to be there already.
pub fn show_in_etc(root: &Root, files: &[(&str, String)]) -> Result<()> {
    let dev = root.look_up(Path::new("/dev"), OFlag::O_PATH).step(|| "open /dev")?;
    for (name, contents) in files {
        let step = || format!("write the container's /etc/{name}");
        let new = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let file = openat(&dev, *name, new, Mode::from_bits_truncate(0o644)).step(step)?;
        File::from(file).write_all(contents.as_bytes()).step(step)?;
        let mount = bind_from(dev.as_fd(), Path::new(name))?;
        root.place(mount.as_fd(), &Path::new("/etc").join(name), Target::File)?;
        unlinkat(&dev, *name, UnlinkatFlags::NoRemoveDir).step(|| format!("unlink /dev/{name}"))?;
    }
    Ok(())
}
