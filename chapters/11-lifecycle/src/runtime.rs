//! The whole runtime of chapter 11: a container from its record.

use cgroups::Cgroup;
use enter::Joined;
use net_ns::Network;
use overlay::Overlay;
use pid_ns::PidOptions;
use process::{Container, Lifetime, Part, Process, Resolved, Result, State, Steps, User};
use security::{Confinement, protect_runtime};
use user_ns::{Trees, UserNamespace};
use uts_ipc::NAMESPACES;

use crate::{Inside, Spec};

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(spec: &Spec, state: State, inside: Inside) -> Result<Container> {
    protect_runtime()?;
    let Inside { stdio, console } = inside;
    let Spec { command, mounts, names, network, limits, layers, users, .. } = spec; // new
    let resolved = Resolved::whole(command, spec); //     new in this chapter: all at once
    let joined = Joined::open(&spec.join)?;
    let confinement = Confinement::prepare(spec.security.clone())?;
    let network = Network::prepare(network, &state)?;
    let cgroup = Cgroup::create(limits, &state)?;
    confinement.restrict_devices(&cgroup)?;
    let overlay = Overlay::prepare(layers, mounts, &state)?;
    let users = UserNamespace::prepare(users);
    let etc = joined.etc(&network, names, &state)?;
    users.give(&overlay, &etc)?;

    let parent = |pid| {
        joined.check()?;
        users.write_maps(pid)?;
        network.attach(pid)?;
        users.open_trees(pid, &overlay, &etc, mounts)
    };
    let child = |opened| {
        cgroup.enter()?;
        users.become_root()?;
        names.set()?;
        mount_ns::isolate()?;
        let trees = Trees::received(opened, &overlay, &etc);
        let root = trees.mount_layers(&overlay)?;
        mounts.mount_filesystems(&root)?;
        console.open(&root)?; //                              new: a terminal of its own
        joined.show_shared_memory(&root)?;
        confinement.show_devices(&root)?;
        trees.show_etc(&root, &etc)?;
        trees.mount_volumes(&root, mounts)?;
        mount_ns::pivot(&root)?;
        mounts.protect_root()?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        confinement.mask_paths()?;
        confinement.bound_capabilities()
    };
    let pid = PidOptions { init: spec.init };
    let become_user = |user: &User| {
        console.give_to(user)?;
        confinement.enter(user)?;
        pid.split_off_init()
    };
    let flags = NAMESPACES | network.flags() | users.flags();
    let birth = joined.birth(flags, cgroup.fd());
    let _clock = spec.clock.shift()?;
    let steps = Steps { parent, child, become_user };
    let life = Lifetime::WithRuntime; //                  that is its monitor
    let process = Process::create_to_live(life, stdio, birth, command, steps);
    let process = process.map_err(|error| joined.explain(error))?;
    let parts: Vec<Box<dyn Part>> =
        vec![Box::new(cgroup), Box::new(network), Box::new(overlay), Box::new(users)];
    let parts = joined.leave(parts, process.pid());
    Container::new("chapter-11-lifecycle", resolved, process, parts, state)
}
