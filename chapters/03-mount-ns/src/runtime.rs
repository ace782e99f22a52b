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
    let command = options.command.command()?;
    let rootfs = options.root.resolve()?;
    options.mounts.check()?;
    let resolved =
        Resolved::of(&command).with("root", Bytes(&rootfs)).with("init", options.pid.init);
    let state = State::create()?;

    // ANCHOR: child
    let parent = |_| Ok(());
    let child = || {
        crate::isolate()?; //                             nothing below reaches the host
        let root = Root::bind(&rootfs)?; //               a directory becomes a mount
        crate::mount_filesystems(&root)?; //              /proc, /sys, /dev
        crate::mount_volumes(&root, &options.mounts)?;
        crate::pivot(&root, options.mounts.read_only)?; // instead of chapter 1's chroot
        options.pid.split_off_init()
    };
    let process = Process::create(NAMESPACES, &command, parent, child)?;
    // ANCHOR_END: child

    Container::new("chapter-03-mount-ns", resolved, process, Vec::new(), state)
}
