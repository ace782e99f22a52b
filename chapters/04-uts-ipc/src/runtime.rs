//! The whole runtime of chapter 4: with names and queues of its own.

use mount_ns::Root;
use process::{Bytes, CloneFlags, Container, Process, Resolved, Result, State};

use crate::{Addresses, EtcFiles, Options};

// ANCHOR: flags
/// What is of the container's own; new in this chapter: names and queues.
pub const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);
// ANCHOR_END: flags

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let mounts = options.mounts.resolve()?;
    let resolved = Resolved::of(&command).with("root", Bytes(&rootfs)).with("mounts", &mounts);
    let state = State::create()?;
    let names = options.names.resolve(state.id())?; //    new in this chapter
    let resolved = resolved.with("init", options.pid.init).with("names", &names);
    let etc_files = names.etc_files(Addresses::OF_HOST)?; // no network of its own yet
    let etc = EtcFiles::write(&etc_files, &state)?; //    new in this chapter

    let parent = |_| Ok(());
    // ANCHOR: child
    let child = || {
        names.set()?; //                                  new in this chapter
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mounts.mount_filesystems(&root)?;
        etc.show(&root)?; //                              new in this chapter
        mounts.mount_volumes(&root)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        options.pid.split_off_init()
    };
    // ANCHOR_END: child
    let process = Process::create(NAMESPACES, &command, parent, child)?;

    Container::new("chapter-04-uts-ipc", resolved, process, Vec::new(), state)
}
