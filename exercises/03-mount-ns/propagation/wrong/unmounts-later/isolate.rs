//! Takes the host's shared memory out of the container's table, and so out of the host's.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use process::{Result, Step};

pub fn isolate() -> Result<()> {
    let nothing = None::<&str>;
    umount2("/dev/shm", MntFlags::MNT_DETACH).step(|| "unmount /dev/shm")?;
    mount(nothing, "/", nothing, MsFlags::MS_PRIVATE, nothing).step(|| "make all mounts private")
}
