//! Another root directory: `chroot(2)`.
//!
//! Every process has a root, the directory that `/` means to it, and children
//! inherit it. `chroot` changes it for the caller and nobody else:
//!
//! ```text
//!   host     /  ├─ bin  ├─ etc  ├─ srv
//!                                 └─ rootfs  ├─ bin  ├─ etc
//!   container                        └ this is now "/"
//! ```
//!
//! It is a way to look up names and no more. What it does not isolate:
//!
//! - **Getting out.** A root process that makes a second `chroot` while its working
//!   directory stays outside of it climbs out with `cd ..`; chroot(2) says so itself.
//!   `pivot_root` in chapter 3 leaves nothing to climb to.
//! - **Everything without a path**: processes (chapter 2), mounts (3), the host name
//!   and message queues (4), the network (5), memory and processor (6).
//! - **The files themselves**: whatever the container writes stays in the directory,
//!   for the next container to find. Layers come in chapter 7.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd;
use process::{Error, Result, Step};

/// The command-line options of chapter 1.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 01: its own root directory")]
pub struct RootOptions {
    /// The directory to be the container's root
    #[arg(long, value_name = "DIR")]
    pub rootfs: Option<PathBuf>,
}

impl RootOptions {
    /// The root's absolute path, links resolved.
    ///
    /// # Errors
    /// If there is none, or it is no directory.
    pub fn resolve(&self) -> Result<PathBuf> {
        let Some(rootfs) = &self.rootfs else {
            return Err(Error::new("no root file system was given").with_hint(
                "name one with --rootfs DIR; `cargo lab rootfs` makes one and tells where",
            ));
        };
        // ANCHOR: resolve
        let step = || format!("use {} as root file system", rootfs.display());
        let path = rootfs.canonicalize().step(step)?;
        if path.metadata().step(step)?.is_dir() {
            Ok(path)
        } else {
            Err(Error::from_errno(step(), Errno::ENOTDIR))
        }
        // ANCHOR_END: resolve
    }
}

// ANCHOR: enter
/// Makes `root` this process's root directory and its working directory.
pub fn enter(root: &Path) -> Result<()> {
    unistd::chroot(root).step(|| format!("chroot to {}", root.display()))?;
    // Without this step the working directory would stay outside, and `..` from
    // there leads through the whole host.
    unistd::chdir("/").step(|| "change to the new root")
}
// ANCHOR_END: enter
