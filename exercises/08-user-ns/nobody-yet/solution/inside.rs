//! The container's side: what its first process does before it becomes the command.

use std::path::Path;

use mount_ns::Root;
use nix::mount::MsFlags;
use nix::unistd::{Gid, Uid, setresgid, setresuid};
use process::{Result, Step};

/// Builds the container from within, in a new user namespace whose maps are written.
pub fn build(image: &Path) -> Result<()> {
    // Whatever is made from here on belongs to who makes it.
    become_root()?;
    mount_ns::isolate()?;
    let root = Root::bind(image)?;
    root.mount("proc", "/proc", harmless(), "")?;
    root.mount("tmpfs", "/run", harmless(), "mode=755")?;
    root.mount("tmpfs", "/tmp", harmless(), "mode=1777")?;
    mount_ns::pivot(&root)
}

/// It has all capabilities in its namespace from the clone on; now it gets the name, too.
fn become_root() -> Result<()> {
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(group, group, group).step(|| "become group 0 of the container")?;
    setresuid(user, user, user).step(|| "become user 0 of the container")
}

fn harmless() -> MsFlags {
    MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC
}
