//! The whole runtime of chapter 4: with names and queues of its own.

use chroot::RootOptions;
use mount_ns::{MountOptions, Root};
use pid_ns::PidOptions;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

use crate::{NameOptions, Names};

// ANCHOR: flags
/// What is of the container's own; new in this chapter: names and queues.
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);
// ANCHOR_END: flags

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Host and domain name.
    #[command(flatten)]
    pub names: NameOptions, //                            new in this chapter
    /// Volumes and the like.
    #[command(flatten)]
    pub mounts: MountOptions,
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
    let names = Names::new(&options.names, &state)?; //   new in this chapter

    let parent = |_| Ok(());
    // ANCHOR: child
    let child = || {
        names.set()?; //                                  new in this chapter
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        let etc = [("hostname", names.hostname_file()), ("hosts", names.hosts_file("127.0.1.1"))];
        crate::show_in_etc(&root, &etc)?; //              new in this chapter
        mount_ns::mount_volumes(&root, &options.mounts)?;
        mount_ns::pivot(&root, options.mounts.read_only)?;
        options.pid.split_off_init()
    };
    // ANCHOR_END: child
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("chapter-04-uts-ipc", &command, process, Vec::new(), state)
}
