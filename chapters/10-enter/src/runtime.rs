//! The whole runtime of chapter 10: a container that may have something of another one's.

use cgroups::Cgroup;
use net_ns::Network;
use overlay::Overlay;
use process::{Bytes, Container, Part, Process, Resolved, Result, State, Steps, User};
use security::{Confinement, protect_runtime};
use user_ns::{Trees, UserNamespace};
use uts_ipc::NAMESPACES;

use crate::{Joined, Options};

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    protect_runtime()?;
    let join = options.join.resolve(&options.network)?; // new in this chapter
    let joined = Joined::open(&join)?; // new: whose namespaces, held by pidfd
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let users = joined.users(&options.users)?; // those of whom it joins
    let mounts = joined.mounts(join.mounts(options.mounts.resolve()?), &users);
    let network = joined.network(&options.network)?; // new: another one's
    let limits = options.limits.resolve()?;
    let clock = options.clock.resolve();
    let security = options.security.resolve()?;
    let state = State::create()?;
    let layers = options.layers.resolve(&rootfs, &state)?;
    let names = joined.names(&options.names, state.id())?;
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
        .with("security", &security)
        .with("join", &join);
    let confinement = Confinement::prepare(security)?;
    let network = Network::prepare(&network, &state)?;
    let cgroup = Cgroup::create(&limits, &state)?;
    confinement.restrict_devices(&cgroup)?;
    let overlay = Overlay::prepare(&layers, &mounts, &state)?;
    let users = UserNamespace::prepare(&users);
    let etc = joined.etc(&network, &names, &state)?; // new: the same files
    users.give(&overlay, &etc)?;

    let parent = |pid| {
        joined.check()?; //                               new: they are all still there
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
        joined.show_shared_memory(&root)?; //             new: another one's /dev/shm
        confinement.show_devices(&root)?;
        trees.show_etc(&root, &etc)?;
        trees.mount_volumes(&root, &mounts)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        confinement.mask_paths()?;
        confinement.bound_capabilities()
    };
    let become_user =
        |user: &User| confinement.enter(user).and_then(|()| options.pid.split_off_init());
    let flags = NAMESPACES | network.flags() | users.flags();
    let birth = joined.birth(flags, cgroup.fd()); //      new: in namespaces of others
    let _clock = clock.shift()?;
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(birth, &command, steps);
    let process = process.map_err(|error| joined.explain(error))?;
    let parts: Vec<Box<dyn Part>> =
        vec![Box::new(cgroup), Box::new(network), Box::new(overlay), Box::new(users)];
    let parts = joined.leave(parts, process.pid());
    Container::new("chapter-10-enter", resolved, process, parts, state)
}
