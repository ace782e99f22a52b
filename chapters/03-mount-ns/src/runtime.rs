//! The whole runtime of chapter 3: a mount table and a process tree of its own.

use chroot::RootOptions;
use pid_ns::PidOptions;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

use crate::{MountOptions, Root};

/// What is of the container's own; new in this chapter: mounts.
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Volumes and the like.
    #[command(flatten)]
    pub mounts: MountOptions, //                          new in this chapter
    /// PID 1.
    #[command(flatten)]
    pub pid: PidOptions,
    /// The root file system.
    #[command(flatten)]
    pub root: RootOptions,
    /// The command and its surroundings.
    #[command(flatten)]
    pub command: CommandOptions,
}

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.command()?;
    let rootfs = options.root.resolve()?;
    options.mounts.check()?;
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
    let process = Process::create(FLAGS, &command, parent, child)?;
    // ANCHOR_END: child

    Container::new("chapter-03-mount-ns", &command, process, Vec::new(), state)
}
