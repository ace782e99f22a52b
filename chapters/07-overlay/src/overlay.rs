//! A root made of layers: `overlayfs`.
//!
//! The image is one or more *lower* directories that are never written to. Above
//! them lies an *upper* one, which takes every change. `merged` shows all of it as
//! one tree, where the higher layer wins:
//!
//! ```text
//!   merged   /bin/sh   /etc/motd (new)                 what the container sees
//!              │         │             ╳ /etc/issue
//!   upper      │       etc/motd       etc/issue (whiteout)      its changes
//!   lower    bin/sh    etc/motd       etc/issue                 the image
//! ```
//!
//! Writing to a lower file copies it up first. Deleting one leaves a *whiteout* in
//! the upper layer: a character device 0:0 that means "not here". So ten containers
//! share one image, none sees the writes of another, and the start costs one mount
//! instead of a copy.
//!
//! The mount is made in the container's mount namespace and goes away with it. The
//! upper directory is on the host, so it is in the container's record directory.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use mount_ns::{Mounts, Root};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use process::{Error, Result, State, Step};
use serde::{Deserialize, Serialize};

use crate::mount_options::{Upper, mount_options};
use crate::short_names::{MOST_OPTIONS, Opened};
use crate::upper::can_be_upper;

/// The record of this chapter: the directory that holds the two others.
pub(crate) const RECORD: &str = "overlay";

/// The command-line options of chapter 7.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 07: layers")]
pub struct LayerOptions {
    /// Lay another read-only directory over the root; the last one is the topmost
    #[arg(long, value_name = "DIR")]
    pub layer: Vec<PathBuf>,

    /// Keep the writable layer at the end, and tell where
    #[arg(long)]
    pub keep: bool,
}

impl LayerOptions {
    /// The layers over `image`, for the container of this record.
    ///
    /// # Errors
    /// If a layer is missing.
    pub fn resolve(&self, image: &Path, state: &State) -> Result<Layers> {
        let mut lower = vec![image.to_owned()];
        for layer in &self.layer {
            let step = || format!("use {} as a layer", layer.display());
            let path = layer.canonicalize().step(step)?;
            if !path.metadata().step(step)?.is_dir() {
                return Err(Error::from_errno(step(), Errno::ENOTDIR));
            }
            lower.push(path);
        }
        lower.reverse();
        let keep = self.keep.then(|| process::record::directory().join("kept").join(state.id()));
        Ok(Layers { lower, keep })
    }
}

/// What a container's root is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layers {
    /// The lower directories, by absolute paths; the topmost first, as the kernel wants them.
    #[serde(with = "process::bytes")]
    pub lower: Vec<PathBuf>,
    /// Where the upper directory is moved at the end, instead of being removed.
    #[serde(with = "process::bytes")]
    pub keep: Option<PathBuf>,
}

/// The root of one container, with its writable layer.
#[must_use = "dropping it removes the writable layer"]
#[derive(Debug)]
pub struct Overlay {
    /// What it is made of.
    pub(crate) layers: Layers,
    /// Holds `upper` and `work`, and in the container, `merged` is mounted over both.
    pub(crate) dir: PathBuf,
    /// What `dir` is covered with in the container, if it cannot hold an upper layer.
    pub(crate) tmpfs: Option<OwnedFd>,
    /// Paths that the runtime made in the container: no change of the container's.
    pub(crate) mount_points: Vec<PathBuf>,
    /// Whether the writable layer stays at the end, as the record does that it is in.
    pub(crate) stays: bool,
}

impl Overlay {
    /// Makes the directories for a fresh writable layer, or finds those of a container that
    /// is started again.
    ///
    /// # Errors
    /// If a directory cannot be made.
    pub fn prepare(layers: &Layers, mounts: &Mounts, state: &State) -> Result<Self> {
        let dir = state.dir().join(RECORD);
        // Readable for its owner only: setuid programs of an image are in there.
        let made = DirBuilder::new().mode(0o700).create(&dir);
        if !(state.stays() && dir.is_dir()) {
            made.step(|| format!("create {}", dir.display()))?;
        }
        let etc = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"].map(Path::new);
        let mount_points = mounts.targets().chain(etc).map(Path::to_owned).collect();
        let layers = layers.clone();
        let stays = state.stays();
        let mut overlay = Self { layers, dir, tmpfs: None, mount_points, stays };
        if !can_be_upper(&overlay.dir)? {
            if overlay.layers.keep.is_some() || stays {
                return Err(Error::new(format!("keep a layer in {}", overlay.dir.display()))
                    .with_hint(
                        "this file system cannot hold one: $LAB_STATE_DIR may name another",
                    ));
            }
            overlay.tmpfs = Some(mount_ns::detached_tmpfs()?);
        }
        overlay.make_directories()?;
        Ok(overlay)
    }

    fn make_directories(&self) -> Result<()> {
        let dir = self.on_host();
        let is_there = |name| self.stays && dir.join(name).is_dir();
        if is_there("upper") {
            return Ok(()); // as the container has left it
        }
        for name in ["work", "upper"].into_iter().filter(|name| !is_there(name)) {
            let new = DirBuilder::new().mode(0o700).create(dir.join(name));
            new.step(|| format!("create the {name} directory"))?;
        }
        // The upper directory is the container's `/`: same owner and mode as below.
        let upper = dir.join("upper");
        let top = fs::metadata(&self.layers.lower[0]).step(|| "look at the topmost layer")?;
        match chown(&upper, Some(top.uid()), Some(top.gid())) {
            // Its owner is nobody in our user namespace (chapter 8): then it stays ours.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            given => given.step(|| "give the upper directory away")?,
        }
        fs::set_permissions(&upper, fs::Permissions::from_mode(top.mode() & 0o7777))
            .step(|| "set the mode of the upper directory")
    }

    /// In the container: mounts the layers as one tree.
    pub fn mount(&self) -> Result<Root> {
        if let Some(tmpfs) = &self.tmpfs {
            // Placed in this mount namespace only; the host's directory stays empty.
            Root::open(&self.dir)?.place(
                tmpfs.as_fd(),
                Path::new("/"),
                mount_ns::Target::Directory,
            )?;
        }
        self.mount_layers(&self.layers.lower, &self.dir, &self.dir)
    }

    /// The same where the layers and our directory go by other names.
    // ANCHOR: mount
    pub fn mount_layers(&self, lower: &[PathBuf], dir: &Path, merged: &Path) -> Result<Root> {
        let is_kept = self.layers.keep.is_some() || self.stays;
        let upper = if is_kept { Upper::Kept } else { Upper::Volatile };
        let mut options = mount_options(lower, dir, upper)?;
        let opened;
        if options.len() >= MOST_OPTIONS {
            let dir = std::path::absolute(dir).step(|| format!("find {}", dir.display()))?;
            opened = Opened::new(lower)?;
            options = mount_options(&opened.names, &dir, upper)?;
        }
        mount(Some("overlay"), merged, Some("overlay"), MsFlags::empty(), Some(&*options))
            .step(|| format!("mount an overlay of {}", self.names_of_lower()))
            .map_err(|error| match error.errno() {
                Some(Errno::ENODEV) => {
                    error.with_hint("this kernel has no overlayfs: modprobe overlay")
                }
                Some(Errno::ELOOP) => {
                    error.with_hint("one of the layers lies in another, or is it")
                }
                Some(Errno::EINVAL) => error.with_hint("`dmesg | tail` has the kernel's reason"),
                _ => error,
            })?;
        Root::open(merged)
    }
    // ANCHOR_END: mount

    fn names_of_lower(&self) -> String {
        let names: Vec<_> = self.layers.lower.iter().map(|dir| dir.display().to_string()).collect();
        match names.len() {
            ..5 => names.join(" over "),
            many => format!("{many} layers"),
        }
    }

    /// Where the host finds the two directories.
    pub(crate) fn on_host(&self) -> PathBuf {
        match &self.tmpfs {
            Some(tmpfs) => format!("/proc/self/fd/{}", tmpfs.as_raw_fd()).into(),
            None => self.dir.clone(),
        }
    }
}
