//! Where the tests keep what they make: in memory, on a host that has room for it there.
//!
//! A run of all tests makes and removes files by the ten thousand. To ext4 the number of a
//! removed file is not free again for a minute, and it looks through all of these for each new
//! one: on a disk, the tests would take twice the processor time.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};
use tempfile::{NamedTempFile, TempDir};

use crate::sys;

/// What a run may need at a time, in bytes.
const ROOM: u64 = 2 << 30;

/// A directory that goes with the value: below `$TMPDIR` if that is set.
pub fn directory() -> TempDir {
    named("lab-test-")
}

/// The same with another beginning of its name.
pub fn named(prefix: &str) -> TempDir {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    let place = PLACE.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let is_chosen = std::env::var_os("TMPDIR").is_some();
        if !is_chosen && can_hold_layers(memory) { memory.into() } else { std::env::temp_dir() }
    });
    TempDir::with_prefix_in(prefix, place).expect("a temporary directory")
}

/// Whether a place in memory can do what one on a disk can. From Linux 6.6 on it can, where a
/// user's attributes are the last thing that came.
fn can_hold_layers(place: &Path) -> bool {
    let (Ok(kind), Ok(about)) = (statfs(place), statvfs(place)) else { return false };
    let room = about.blocks_available() * about.fragment_size();
    let may_execute = !about.flags().contains(FsFlags::ST_NOEXEC);
    let has_attributes = NamedTempFile::new_in(place)
        .is_ok_and(|file| sys::set_attribute(file.path(), c"user.lab", b"value").is_ok());
    kind.filesystem_type() == TMPFS_MAGIC && room >= ROOM && may_execute && has_attributes
}
