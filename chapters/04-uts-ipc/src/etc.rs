//! Files in the container's /etc that tell what the runtime knows.
//!
//! Written into the root file system they would stay there, wrong for the next
//! container. So they live on a tmpfs that is mounted nowhere, each is bound over
//! its name in /etc, and the kernel frees them with the container:
//!
//! ```text
//!   tmpfs (no place)              rootfs
//!   ├─ hostname ───── bind ─────▶ /etc/hostname
//!   └─ hosts ──────── bind ─────▶ /etc/hosts
//! ```

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use mount_ns::{Root, Target, bind_from, detached_tmpfs};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use process::{Result, Step};

/// Shows `files`, pairs of a name and its contents, in the container's /etc.
pub fn show_in_etc(root: &Root, files: &[(&str, String)]) -> Result<()> {
    let tmpfs = detached_tmpfs()?;
    for (name, contents) in files {
        let step = || format!("write the container's /etc/{name}");
        let new = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let file = openat(&tmpfs, *name, new, Mode::from_bits_truncate(0o644)).step(step)?;
        File::from(file).write_all(contents.as_bytes()).step(step)?;
        let mount = bind_from(tmpfs.as_fd(), Path::new(name))?;
        root.place(mount.as_fd(), &Path::new("/etc").join(name), Target::File)?;
    }
    Ok(())
}
