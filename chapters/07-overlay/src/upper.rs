//! Where a writable layer can be.

use std::path::Path;

use nix::sys::statfs::statfs;
use process::{Result, Step};

/// Whether the kernel accepts an upper directory on this directory's file system.
///
/// It must keep extended attributes and device nodes, and be on this machine. An
/// overlay is refused as upper layer of another: overlayfs documentation, "Multiple
/// lower layers". The numbers are from linux/magic.h.
pub(crate) fn can_be_upper(dir: &Path) -> Result<bool> {
    const OVERLAY: i64 = 0x794c_7630;
    const NFS: i64 = 0x6969;
    const SMB2: i64 = 0xfe53_4d42;
    const V9FS: i64 = 0x0102_1997;
    const FUSE: i64 = 0x6573_5546;
    const FAT: i64 = 0x4d44;
    let kind = statfs(dir).step(|| format!("look at the file system of {}", dir.display()))?;
    let kind = kind.filesystem_type().0 as i64;
    Ok(![OVERLAY, NFS, SMB2, V9FS, FUSE, FAT].contains(&kind))
}
