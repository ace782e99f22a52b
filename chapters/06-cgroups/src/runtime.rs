//! The whole runtime of chapter 6: with its share of memory, CPU and processes.

use mount_ns::Root;
use net_ns::Network;
use process::{Bytes, CloneArgs, Container, Part, Process, Resolved, Result, State};
use uts_ipc::{EtcFiles, NAMESPACES};

use crate::{Cgroup, Options};

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let mounts = options.mounts.resolve()?;
    let network = options.network.resolve()?;
    let limits = options.limits.resolve()?; // new in this chapter
    let state = State::create()?;
    let names = options.names.resolve(state.id())?;
    let resolved = Resolved::of(&command)
        .with("root", Bytes(&rootfs))
        .with("init", options.pid.init)
        .with("mounts", &mounts)
        .with("names", &names)
        .with("network", &network)
        .with("limits", &limits);
    let network = Network::prepare(&network, &state)?;
    let cgroup = Cgroup::create(&limits, &state)?; // new in this chapter
    let etc = EtcFiles::write(&network.etc_files(&names)?, &state)?;

    let parent = |pid| network.attach(pid);
    // ANCHOR: child
    let child = || {
        cgroup.enter()?; //                               new in this chapter
        names.set()?;
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mounts.mount_filesystems(&root)?;
        etc.show(&root)?;
        mounts.mount_volumes(&root)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        cgroup.mount_inside()?; //                        new in this chapter
        network.configure_inside()?;
        options.pid.split_off_init()
    };
    // Its view of the cgroups comes later, see `Cgroup::enter`.
    let args = CloneArgs { flags: NAMESPACES | network.flags(), cgroup: cgroup.fd() };
    let process = Process::create(args, &command, parent, child)?;
    // ANCHOR_END: child

    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup), Box::new(network)];
    Container::new("chapter-06-cgroups", resolved, process, parts, state)
}
