//! Whose the layers are: what chapter 8 has to know and to change about them.
//!
//! Here the container's root is the host's, and so are the files of both. In a user
//! namespace its root is another user, who needs an upper directory of its own, and
//! who cannot even look the layers up by their paths, if one of the directories on the
//! way is closed to others. An open descriptor of the place is what it gets instead.

use std::os::fd::OwnedFd;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use mount_ns::bind_from;
use nix::fcntl::AT_FDCWD;
use process::{Result, Step};

use crate::Overlay;

impl Overlay {
    /// The lower directories, the topmost first.
    pub fn lower(&self) -> &[PathBuf] {
        &self.layers.lower
    }

    /// Gives the writable layer to another user and group of the host.
    pub fn give_to(&self, uid: u32, gid: u32) -> Result<()> {
        let dir = self.on_host();
        for path in [dir.join("upper"), dir.join("work"), dir] {
            chown(&path, Some(uid), Some(gid))
                .step(|| format!("give {} to user {uid}", path.display()))?;
        }
        Ok(())
    }

    /// The mount in which the writable layer is: it has no place yet.
    pub fn tree(&self) -> Result<OwnedFd> {
        match &self.tmpfs {
            Some(tmpfs) => tmpfs.try_clone().step(|| "duplicate a descriptor"),
            None => bind_from(AT_FDCWD, &self.dir),
        }
    }
}
