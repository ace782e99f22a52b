//! The whole runtime of chapter 2: a process tree of its own under another root.

use process::{Bytes, CloneFlags, Container, Process, Resolved, Result, State};

use crate::Options;

// ANCHOR: flags
/// What is of the container's own; new in this chapter: processes.
const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWPID;
// ANCHOR_END: flags

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let root = options.root.resolve()?;
    let resolved = Resolved::of(&command).with("root", Bytes(&root)).with("init", options.pid.init);
    let state = State::create()?;

    // ANCHOR: child
    let parent = |_| Ok(());
    let child = || {
        chroot::enter(&root)?;
        options.pid.split_off_init() //                   new in this chapter
    };
    let process = Process::create(NAMESPACES, &command, parent, child)?;
    // ANCHOR_END: child

    Container::new("chapter-02-pid-ns", resolved, process, Vec::new(), state)
}
