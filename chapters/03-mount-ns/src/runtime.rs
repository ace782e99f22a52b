//! The whole runtime of chapter 3: a mount table and a process tree of its own.

use process::{Bytes, CloneFlags, Container, Process, Resolved, Result, State};

use crate::{Options, Root};

/// What is of the container's own; new in this chapter: mounts.
const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let mounts = options.mounts.resolve()?; //            new in this chapter
    let resolved = Resolved::of(&command).with("root", Bytes(&rootfs)).with("mounts", &mounts);
    let resolved = resolved.with("init", options.pid.init);
    let state = State::create()?;

    // ANCHOR: child
    let parent = |_| Ok(());
    let child = || {
        crate::isolate()?; //                             nothing below reaches the host
        let root = Root::bind(&rootfs)?; //               a directory becomes a mount
        mounts.mount_filesystems(&root)?; //              /proc, /sys, /dev
        mounts.mount_volumes(&root)?;
        crate::pivot(&root)?; //                          instead of chapter 1's chroot
        mounts.protect_root()?;
        options.pid.split_off_init()
    };
    let process = Process::create(NAMESPACES, &command, parent, child)?;
    // ANCHOR_END: child

    Container::new("chapter-03-mount-ns", resolved, process, Vec::new(), state)
}
