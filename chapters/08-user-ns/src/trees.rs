//! Layers, files and volumes that change hands: opened by the runtime, mounted by the child.
//!
//! Only the runtime can translate their owners, see `idmap.rs`, and it may be the only one
//! that reaches them: a directory on the way can be closed to the container's root.
//!
//! ```text
//!   runtime   open, translate ── a list of descriptors ─┐
//!   child                            over the gate      └─▶ mount
//! ```

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use mount_ns::{Mounts, Root, Target, bind_from};
use nix::fcntl::AT_FDCWD;
use overlay::Overlay;
use process::Result;
use uts_ipc::EtcFiles;

use crate::idmap;

/// What the child mounts its layers and volumes from.
#[derive(Debug)]
pub enum Trees {
    /// Their names: root in the container is who we are.
    Named,
    /// What the runtime opened.
    Opened(Opened),
}

/// Copies of mounts that have no place yet.
#[derive(Debug)]
pub struct Opened {
    /// Where the writable layer is.
    pub upper: OwnedFd,
    /// The layers below, the topmost first.
    pub lower: Vec<OwnedFd>,
    /// The files for /etc, in their order.
    pub etc: Vec<OwnedFd>,
    /// The volumes, in theirs.
    pub volumes: Vec<OwnedFd>,
}

impl Opened {
    /// In the runtime: opens all of them.
    pub fn open(overlay: &Overlay, etc: &EtcFiles, mounts: &Mounts) -> Result<Self> {
        let lower = overlay.lower().iter().map(|layer| bind_from(AT_FDCWD, layer));
        Ok(Self {
            upper: overlay.tree()?,
            lower: lower.collect::<Result<_>>()?,
            etc: etc.open()?,
            volumes: mounts.open_binds()?,
        })
    }

    /// As a list, for the gate; [`Trees::received`] reads it.
    pub fn into_list(self) -> Vec<OwnedFd> {
        let Self { upper, lower, etc, volumes } = self;
        std::iter::once(upper).chain(lower).chain(etc).chain(volumes).collect()
    }
}

impl Trees {
    /// In the child: what came over the gate; nothing, if it shall open them itself.
    pub fn received(list: Vec<OwnedFd>, overlay: &Overlay, etc: &EtcFiles) -> Self {
        let mut list = list.into_iter();
        let Some(upper) = list.next() else { return Self::Named };
        let lower = list.by_ref().take(overlay.lower().len()).collect();
        let etc = list.by_ref().take(etc.count()).collect();
        Self::Opened(Opened { upper, lower, etc, volumes: list.collect() })
    }

    /// In the child: mounts the layers as one tree.
    pub fn mount_layers(&self, overlay: &Overlay) -> Result<Root> {
        let Self::Opened(opened) = self else { return overlay.mount() };
        // A layer has to be a mount of this mount namespace, wherever it is. /tmp is not
        // needed any more: the pivot takes it away with the rest of the host.
        let (host, place) = (Root::open("/".as_ref())?, Path::new("/tmp"));
        for tree in std::iter::once(&opened.upper).chain(&opened.lower) {
            host.place(tree.as_fd(), place, Target::Directory)?;
        }
        let lower: Vec<PathBuf> = opened.lower.iter().map(idmap::path_of).collect();
        overlay.mount_layers(&lower, &idmap::path_of(&opened.upper), place)
    }

    /// In the child: shows the files in /etc.
    pub fn show_etc(&self, root: &Root, etc: &EtcFiles) -> Result<()> {
        match self {
            Self::Named => etc.show(root),
            Self::Opened(opened) => etc.show_opened(root, &opened.etc),
        }
    }

    /// In the child: mounts volumes and tmpfs.
    pub fn mount_volumes(self, root: &Root, mounts: &Mounts) -> Result<()> {
        match self {
            Self::Named => mounts.mount_volumes(root),
            Self::Opened(opened) => mounts.place_volumes(root, opened.volumes),
        }
    }
}
