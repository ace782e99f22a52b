//! The whole runtime of chapter 0: a process, held before its command.

use crate::{CloneFlags, Container, Options, Process, Result, State};

/// What is of the container's own: nothing yet.
const NAMESPACES: CloneFlags = CloneFlags::empty();

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    // ANCHOR: create
    let command = options.command.resolve()?; //        what to run
    let state = State::create()?; //                    an id, and a record on the host

    let parent = |_| Ok(());
    let child = || Ok(());
    let process = Process::create(NAMESPACES, &command, parent, child)?;

    Container::new("chapter-00-process", &command, process, Vec::new(), state)
    // ANCHOR_END: create
}
