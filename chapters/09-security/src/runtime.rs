//! The whole runtime of chapter 9: a container with little power, even inside.

use cgroups::Cgroup;
use net_ns::Network;
use overlay::Overlay;
use process::{Bytes, CloneArgs, Container, Part, Process, Resolved, Result, State, Steps, User};
use user_ns::{Trees, UserNamespace};
use uts_ipc::{EtcFiles, NAMESPACES};

use crate::{Confinement, Options};

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    crate::protect_runtime()?; //                         new: /proc/self/exe is read-only
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let mounts = options.mounts.resolve()?;
    let network = options.network.resolve()?;
    let limits = options.limits.resolve()?;
    let users = options.users.resolve()?;
    let clock = options.clock.resolve();
    let security = options.security.resolve()?; // new in this chapter
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
        .with("clock", clock)
        .with("security", &security);
    let confinement = Confinement::prepare(security)?; // new: filters compiled
    let network = Network::prepare(&network, &state)?;
    let cgroup = Cgroup::create(&limits, &state)?;
    confinement.restrict_devices(&cgroup)?; //            new: before anybody is in it
    let overlay = Overlay::prepare(&layers, &mounts, &state)?;
    let users = UserNamespace::prepare(&users);
    let etc = EtcFiles::write(&network.etc_files(&names)?, &state)?;
    users.give(&overlay, &etc)?;

    let parent = |pid| {
        users.write_maps(pid)?;
        network.attach(pid)?;
        users.open_trees(pid, &overlay, &etc, &mounts)
    };
    let child = |opened| {
        cgroup.enter()?;
        users.become_root()?;
        names.set()?;
        mount_ns::isolate()?;
        let trees = Trees::received(opened, &overlay, &etc);
        let root = trees.mount_layers(&overlay)?;
        mounts.mount_filesystems(&root)?;
        confinement.show_devices(&root)?; //              new: what --device names
        trees.show_etc(&root, &etc)?;
        trees.mount_volumes(&root, &mounts)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        confinement.mask_paths()?; //                     new: when all else is mounted
        confinement.bound_capabilities() //               new: what an exec can give
    };
    let become_user = |user: &User| {
        confinement.enter(user)?; //                      new: no way back from here
        options.pid.split_off_init() //                   so the init is confined as well
    };
    let flags = NAMESPACES | network.flags() | users.flags();
    let args = CloneArgs { flags, cgroup: cgroup.fd() };
    let _clock = clock.shift()?;
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(args, &command, steps)?;

    let parts: Vec<Box<dyn Part>> =
        vec![Box::new(cgroup), Box::new(network), Box::new(overlay), Box::new(users)];
    Container::new("chapter-09-security", resolved, process, parts, state)
}
