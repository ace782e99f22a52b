//! The whole runtime of chapter 7: a container from an image, with a layer of its own.

use cgroups::Cgroup;
use net_ns::Network;
use process::{Bytes, CloneArgs, Container, Part, Process, Resolved, Result, State};
use uts_ipc::{EtcFiles, NAMESPACES};

use crate::{Options, Overlay};

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
    let state = State::create()?;
    let layers = options.layers.resolve(&rootfs, &state)?; // new in this chapter
    let names = options.names.resolve(state.id())?;
    let resolved = Resolved::of(&command)
        .with("root", Bytes(&rootfs))
        .with("init", options.pid.init)
        .with("mounts", &mounts)
        .with("names", &names)
        .with("network", &network)
        .with("limits", &limits)
        .with("layers", &layers);
    let network = Network::prepare(&network, &state)?;
    let cgroup = Cgroup::create(&limits, &state)?;
    let overlay = Overlay::prepare(&layers, &mounts, &state)?; // new in this chapter
    let etc = EtcFiles::write(&network.etc_files(&names)?, &state)?;

    let parent = |pid| network.attach(pid);
    let child = || {
        cgroup.enter()?;
        names.set()?;
        mount_ns::isolate()?;
        let root = overlay.mount()?; //                   new in this chapter
        mounts.mount_filesystems(&root)?;
        etc.show(&root)?;
        mounts.mount_volumes(&root)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        options.pid.split_off_init()
    };
    let args = CloneArgs { flags: NAMESPACES | network.flags(), cgroup: cgroup.fd() };
    let process = Process::create(args, &command, parent, child)?;

    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup), Box::new(network), Box::new(overlay)];
    Container::new("chapter-07-overlay", resolved, process, parts, state)
}
