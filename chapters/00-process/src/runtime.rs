//! The whole runtime of chapter 0: a process, held before its command.

use crate::{CloneFlags, CommandOptions, Container, Process, Result, State};

/// What is of the container's own: nothing yet.
const FLAGS: CloneFlags = CloneFlags::empty();

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The command and its surroundings.
    #[command(flatten)]
    pub command: CommandOptions,
}

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    // ANCHOR: create
    let command = options.command.command()?; //        what to run
    let state = State::create()?; //                    an id, and a record on the host

    let parent = |_| Ok(());
    let child = || Ok(());
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("chapter-00-process", &command, process, Vec::new(), state)
    // ANCHOR_END: create
}
