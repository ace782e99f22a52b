//! The whole runtime of chapter 2: a process tree of its own under another root.

use chroot::RootOptions;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

use crate::PidOptions;

// ANCHOR: flags
/// What is of the container's own; new in this chapter: processes.
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID;
// ANCHOR_END: flags

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// PID 1.
    #[command(flatten)]
    pub pid: PidOptions, //                               new in this chapter
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
    let root = options.root.resolve()?;
    let state = State::create()?;

    // ANCHOR: child
    let parent = |_| Ok(());
    let child = || {
        chroot::enter(&root)?;
        options.pid.split_off_init() //                   new in this chapter
    };
    let process = Process::create(FLAGS, &command, parent, child)?;
    // ANCHOR_END: child

    Container::new("chapter-02-pid-ns", &command, process, Vec::new(), state)
}
