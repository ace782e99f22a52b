//! Files that change hands by being mounted: `MOUNT_ATTR_IDMAP`.
//!
//! An image belongs to root, and root inside is user 100000 on the host. As it is, every
//! file in it would be nobody's in the container, and could neither be changed nor
//! removed there. One can give each file away, image by image and container by
//! container. Or let one mount translate the owners, with the maps of a user namespace:
//!
//! ```text
//!                on disk      through the mount      in the container
//!   /bin/sh            0 ───────────▶ 100000 ──────────────▶ 0
//!   /srv/data       1000 ───────────▶ 101000 ──────────────▶ 1000
//! ```
//!
//! It goes in both directions: what root in there writes into a volume is root's on
//! the disk. mount_setattr(2) wants the translator to have power over the file system,
//! so it is the runtime that does it, and the mount travels to the child as a
//! descriptor. It needs Linux 5.12, and 5.19 for a layer of an overlay; and the file
//! system has to support it, as ext4, xfs, btrfs and, since 6.3, tmpfs do.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use crate::sys;

/// Translates the owners of all files of a mount that has no place yet.
pub fn translate(tree: BorrowedFd<'_>, users: BorrowedFd<'_>) -> nix::Result<()> {
    sys::set_idmap(tree, users)
}

/// The path that means an open descriptor, for calls that take paths only.
pub fn path_of(fd: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", fd.as_raw_fd()).into()
}
