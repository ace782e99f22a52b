//! All mounts of one container: what people ask for, and what is done.

use std::os::fd::OwnedFd;
use std::path::Path;

use clap::builder::{OsStringValueParser, TypedValueParser};
use process::{Result, Step};
use serde::{Deserialize, Serialize};

use crate::filesystems::{devices, filesystems};
use crate::{Device, KeyedMount, Mount, Root, Tmpfs, Volume, sys};

/// The command-line options of chapter 3.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 03: its own mounts")]
pub struct MountOptions {
    /// Show a file or directory of the host in the container
    #[arg(short, long, value_name = "SRC:DST[:ro]")]
    #[arg(value_parser = OsStringValueParser::new().try_map(Volume::parse))]
    pub volume: Vec<Volume>,

    /// Mount a fresh tmpfs, gone at the end
    #[arg(long, value_name = "DST[:OPTIONS]")]
    pub tmpfs: Vec<Tmpfs>,

    /// Either of these, such as type=bind,source=/srv,target=/data,readonly
    #[arg(long, value_name = "KEY=VALUE,…")]
    #[arg(value_parser = OsStringValueParser::new().try_map(KeyedMount::parse))]
    pub mount: Vec<KeyedMount>,

    /// Make the root file system read-only
    #[arg(long)]
    pub read_only: bool,
}

impl MountOptions {
    /// What is to be mounted, in which order.
    ///
    /// The outer ones come first: a mount on /data would cover one made before on
    /// /data/cache.
    ///
    /// # Errors
    /// If the source of a volume does not exist.
    pub fn resolve(&self) -> Result<Mounts> {
        let volumes = self.volume.iter().map(Volume::resolve);
        let volumes = volumes.chain(self.mount.iter().map(KeyedMount::resolve));
        let mut volumes: Vec<_> = volumes.collect::<Result<_>>()?;
        volumes.extend(self.tmpfs.iter().map(Tmpfs::resolve));
        volumes.sort_by_key(|mount| mount.target.components().count());
        Ok(Mounts { volumes, read_only: self.read_only, ..Mounts::default() })
    }
}

/// The mounts of one container.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mounts {
    /// Those that every container has, in this order.
    pub filesystems: Vec<Mount>,
    /// The device nodes in its /dev.
    pub devices: Vec<Device>,
    /// Those that somebody has asked for, in this order: volumes and tmpfs.
    pub volumes: Vec<Mount>,
    /// Whether its root can only be read, but not what is mounted below it.
    pub read_only: bool,
}

impl Default for Mounts {
    /// Those that every container has.
    fn default() -> Self {
        let (filesystems, devices) = (filesystems(), devices());
        Self { filesystems, devices, volumes: Vec::new(), read_only: false }
    }
}

impl Mounts {
    /// The places of all of them in the container.
    pub fn targets(&self) -> impl Iterator<Item = &Path> {
        self.filesystems.iter().chain(&self.volumes).map(|mount| &*mount.target)
    }

    /// Those of the volumes that show something of the host.
    pub fn binds(&self) -> impl Iterator<Item = &Mount> {
        self.volumes.iter().filter(|mount| mount.is_bind())
    }

    /// Opens all of these, so that none shows what another one puts into its source.
    pub fn open_binds(&self) -> Result<Vec<OwnedFd>> {
        self.binds().map(Mount::open).collect()
    }

    /// Mounts all volumes and tmpfs below the new root.
    pub fn mount_volumes(&self, root: &Root) -> Result<()> {
        self.place_volumes(root, self.open_binds()?)
    }

    /// The same where those of the host are open already.
    pub fn place_volumes(&self, root: &Root, opened: Vec<OwnedFd>) -> Result<()> {
        let mut opened = opened.into_iter();
        self.volumes.iter().try_for_each(|mount| {
            let tree = if mount.is_bind() { opened.next() } else { None };
            match tree {
                Some(tree) => root.apply_opened(mount, &tree),
                None => root.apply(mount),
            }
        })
    }

    /// Makes the root read-only if it shall be. Last, when all the mount points are made.
    pub fn protect_root(&self) -> Result<()> {
        if !self.read_only {
            return Ok(());
        }
        let root = Root::open("/".as_ref())?;
        sys::make_read_only(root.as_fd()).step(|| "make the root read-only")
    }
}
