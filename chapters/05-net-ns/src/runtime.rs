//! The whole runtime of chapter 5: with a network of its own.

use mount_ns::Root;
use process::{Bytes, Container, Part, Process, Resolved, Result, State};
use uts_ipc::{EtcFiles, NAMESPACES};

use crate::{Network, Options};

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let mounts = options.mounts.resolve()?;
    let network = options.network.resolve()?; // new in this chapter
    let state = State::create()?;
    let names = options.names.resolve(state.id())?;
    let resolved = Resolved::of(&command)
        .with("root", Bytes(&rootfs))
        .with("init", options.pid.init)
        .with("mounts", &mounts)
        .with("names", &names)
        .with("network", &network);
    let network = Network::prepare(&network, &state)?; // ports, bridge, address
    let etc = EtcFiles::write(&network.etc_files(&names)?, &state)?; // new: address, resolv.conf

    // ANCHOR: sides
    let parent = |pid| network.attach(pid); //            new in this chapter: the cable
    let child = || {
        names.set()?;
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mounts.mount_filesystems(&root)?;
        etc.show(&root)?;
        mounts.mount_volumes(&root)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        network.configure_inside()?; //                   new in this chapter: lo, eth0, routes
        options.pid.split_off_init()
    };
    let flags = NAMESPACES | network.flags();
    let process = Process::create(flags, &command, parent, child)?;
    // ANCHOR_END: sides

    let parts: Vec<Box<dyn Part>> = vec![Box::new(network)];
    Container::new("chapter-05-net-ns", resolved, process, parts, state)
}
