//! Another container's /dev/shm.
//!
//! The IPC namespace has the objects of System V and the POSIX queues. POSIX *shared memory*
//! is files: those in the /dev/shm that the other container has mounted, in its own mount
//! namespace. There is no path from here to there. So the new container goes there, takes a
//! copy of the mount, and comes back with it: open_tree(2), move_mount(2).

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use mount_ns::{Root, Target as Place, bind_from};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sched::setns;
use nix::sys::stat::Mode;
use nix::unistd::{chroot, fchdir};
use process::{Namespace, Result, Step};

use crate::Target;

/// Where it is.
const PLACE: &str = "/dev/shm";

/// That of another container.
#[derive(Debug)]
pub(crate) struct SharedMemory {
    /// The mount namespace that has it.
    mounts: OwnedFd,
    /// Where it is mounted in there.
    place: OwnedFd,
}

impl SharedMemory {
    /// In the runtime: finds that of a container, whose files may be links to anywhere.
    pub fn of(target: &Target) -> Result<Self> {
        let top = target.open("root", OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
        let place =
            openat2(&top, PLACE, how).step(|| format!("open another container's {PLACE}"))?;
        Ok(Self { mounts: target.open(Namespace::Mnt.file(), OFlag::O_RDONLY)?, place })
    }

    /// In the new container, while it still has the host's root: mounts it there.
    pub fn show(&self, root: &Root) -> Result<()> {
        let ours = File::open("/proc/self/ns/mnt").step(|| "open our mount namespace")?;
        let here = open("/", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
            .step(|| "open our root")?;
        // What is copied has to be a mount of the namespace in which one is.
        setns(&self.mounts, Namespace::Mnt.flag()).step(|| "enter another container's mounts")?;
        let copy = bind_from(self.place.as_fd(), Path::new("."));
        setns(ours, Namespace::Mnt.flag()).step(|| "come back to our mounts")?;
        // That has led to the top of the mount namespace, which need not be our root.
        fchdir(&here).and_then(|()| chroot(".")).step(|| "come back to our root")?;
        root.place(copy?.as_fd(), Path::new(PLACE), Place::Directory)
    }
}
