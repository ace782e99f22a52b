//! A disk with no room left: that of the records.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::{Keeper, STAYS};

/// A file system in memory, of 1 MiB, until this value is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Self {
        let options = Some("size=1m,mode=700");
        mount(Some("none"), at, Some("tmpfs"), MsFlags::empty(), options).expect("a directory");
        Self(at.to_owned())
    }

    /// Leaves no room for a single byte more.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        umount2(&self.0, MntFlags::MNT_DETACH).expect("it is mounted");
    }
}

#[test]
fn containers_are_stopped_and_removed_on_a_full_disk() {
    let Some(keeper) = Keeper::new() else { return };
    let disk = SmallDisk::mount(keeper.state_dir());
    keeper.run("--name stopped", STAYS);
    keeper.run("--name removed", STAYS);
    disk.fill();
    assert_eq!(keeper.docker("stop stopped").ok(), "stopped\n");
    assert_eq!(keeper.docker("ps -q").ok().lines().count(), 1);
    assert_eq!(keeper.docker("rm stopped").ok(), "stopped\n");
    assert_eq!(keeper.docker("rm -f removed").ok(), "removed\n");
    assert_eq!(fs::read_dir(keeper.records()).expect("a directory").count(), 0);
    // Their names are free again.
    fs::remove_file(keeper.state_dir().join("filler")).expect("a file");
    keeper.run("--name removed --rm", STAYS);
    keeper.docker("stop removed").ok();
}
