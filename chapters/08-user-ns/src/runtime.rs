//! The whole runtime of chapter 8: a container whose root has no power outside.

use cgroups::Cgroup;
use net_ns::Network;
use overlay::Overlay;
use process::{Bytes, CloneArgs, Container, Part, Process, Resolved, Result, State, Steps, User};
use uts_ipc::{EtcFiles, NAMESPACES};

use crate::{Options, Trees, UserNamespace};

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let mounts = options.mounts.resolve()?;
    let network = options.network.resolve()?;
    let limits = options.limits.resolve()?;
    let users = options.users.resolve()?; // new in this chapter
    let clock = options.clock.resolve(); // new in this chapter
    let state = State::create()?;
    let layers = options.layers.resolve(&rootfs, &state)?;
    let names = options.names.resolve(state.id())?;
    let resolved = Resolved::of(&command)
        .with("root", Bytes(&rootfs))
        .with("init", options.pid.init)
        .with("mounts", &mounts)
        .with("names", &names)
        .with("network", &network)
        .with("limits", &limits)
        .with("layers", &layers)
        .with("users", &users)
        .with("clock", clock);
    let network = Network::prepare(&network, &state)?;
    let cgroup = Cgroup::create(&limits, &state)?;
    let overlay = Overlay::prepare(&layers, &mounts, &state)?;
    let users = UserNamespace::prepare(&users); // new in this chapter
    let etc = EtcFiles::write(&network.etc_files(&names)?, &state)?;
    users.give(&overlay, &etc)?;

    // ANCHOR: both
    let parent = |pid| {
        users.write_maps(pid)?; //                        new in this chapter
        network.attach(pid)?;
        users.open_trees(pid, &overlay, &etc, &mounts)
    };
    let child = |opened| {
        cgroup.enter()?;
        users.become_root()?; //                          new in this chapter
        names.set()?;
        mount_ns::isolate()?;
        let trees = Trees::received(opened, &overlay, &etc); // new: what the parent opened
        let root = trees.mount_layers(&overlay)?;
        mounts.mount_filesystems(&root)?;
        trees.show_etc(&root, &etc)?;
        trees.mount_volumes(&root, &mounts)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        options.pid.split_off_init()
    };
    // ANCHOR_END: both
    let flags = NAMESPACES | network.flags() | users.flags();
    let args = CloneArgs { flags, cgroup: cgroup.fd() };
    let _clock = clock.shift()?; //               new in this chapter
    let steps = Steps { parent, child, become_user: User::become_it };
    let process = Process::create_in_steps(args, &command, steps)?;

    let parts: Vec<Box<dyn Part>> =
        vec![Box::new(cgroup), Box::new(network), Box::new(overlay), Box::new(users)];
    Container::new("chapter-08-user-ns", resolved, process, parts, state)
}
