//! The whole runtime of chapter 1: a process with a root directory of its own.

use process::{Bytes, CloneFlags, Container, Process, Resolved, Result, State};

use crate::Options;

/// What is of the container's own: no namespace; a root is not one.
const NAMESPACES: CloneFlags = CloneFlags::empty();

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let root = options.root.resolve()?;
    let resolved = Resolved::of(&command).with("root", Bytes(&root));
    let state = State::create()?;

    // ANCHOR: child
    let parent = |_| Ok(());
    let child = || crate::enter(&root); //                new in this chapter
    let process = Process::create(NAMESPACES, &command, parent, child)?;
    // ANCHOR_END: child

    Container::new("chapter-01-chroot", resolved, process, Vec::new(), state)
}
