//! The whole runtime of chapter 9: a container with little power, even inside.

use cgroups::{Cgroup, LimitOptions};
use chroot::RootOptions;
use mount_ns::MountOptions;
use net_ns::{Network, NetworkOptions};
use overlay::{LayerOptions, Overlay};
use pid_ns::PidOptions;
use process::{
    CloneArgs, CloneFlags, CommandOptions, Container, Part, Process, Result, State, Steps, User,
};
use user_ns::{ClockOptions, UserNamespace, UserOptions};
use uts_ipc::{NameOptions, Names};

use crate::{Confinement, SecurityOptions};

/// What is of the container's own from the clone on; its view of the cgroups comes
/// later, see [`Cgroup::enter`].
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What it may do.
    #[command(flatten)]
    pub security: SecurityOptions, //                     new in this chapter
    /// Its users.
    #[command(flatten)]
    pub users: UserOptions,
    /// Its clocks.
    #[command(flatten)]
    pub clock: ClockOptions,
    /// The layers of its root.
    #[command(flatten)]
    pub layers: LayerOptions,
    /// Its share of the host.
    #[command(flatten)]
    pub limits: LimitOptions,
    /// The network.
    #[command(flatten)]
    pub network: NetworkOptions,
    /// Host and domain name.
    #[command(flatten)]
    pub names: NameOptions,
    /// Volumes and the like.
    #[command(flatten)]
    pub mounts: MountOptions,
    /// PID 1.
    #[command(flatten)]
    pub pid: PidOptions,
    /// The root file system.
    #[command(flatten)]
    pub root: RootOptions,
    /// The command and its surroundings.
    #[command(flatten)]
    pub command: CommandOptions,
}

/// Makes the container, ready to start.
///
/// # Errors
/// If a step of either side fails; everything made so far is removed.
pub fn create(options: &Options) -> Result<Container> {
    crate::protect_runtime()?; //                         new: /proc/self/exe is read-only
    let command = options.command.command()?;
    let rootfs = options.root.resolve()?;
    options.mounts.check()?;
    let confinement = Confinement::prepare(&options.security)?; // new: filters compiled
    let state = State::create()?;
    let names = Names::new(&options.names, &state)?;
    let network = Network::prepare(&options.network, &state)?;
    let cgroup = Cgroup::create(&options.limits, &state)?;
    confinement.restrict_devices(&cgroup)?; //            new: before anybody is in it
    let overlay = Overlay::prepare(&options.layers, &options.mounts, rootfs, &state)?;
    let users = UserNamespace::prepare(&options.users)?;
    users.give(&overlay)?;

    let address = network.address().map_or("127.0.1.1".to_owned(), |address| address.to_string());
    let etc = [
        ("hostname", names.hostname_file()),
        ("hosts", names.hosts_file(&address)),
        ("resolv.conf", network.resolv_conf().to_owned()),
    ];

    let parent = |pid| {
        users.write_maps(pid)?;
        network.attach(pid)?;
        users.open_trees(pid, &overlay, &options.mounts)
    };
    let child = |mut trees| {
        cgroup.enter()?;
        users.become_root()?;
        names.set()?;
        mount_ns::isolate()?;
        let root = users.mount_layers(&overlay, &mut trees)?;
        mount_ns::mount_filesystems(&root)?;
        confinement.show_devices(&root)?; //              new: what --device names
        uts_ipc::show_in_etc(&root, &etc)?;
        users.mount_volumes(&root, &options.mounts, trees)?;
        mount_ns::pivot(&root, options.mounts.read_only)?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        confinement.mask_paths()?; //                     new: when all else is mounted
        confinement.bound_capabilities() //               new: what an exec can give
    };
    let become_user = |user: &User| {
        confinement.enter(user)?; //                      new: no way back from here
        options.pid.split_off_init() //                   so the init is confined as well
    };
    let flags = FLAGS | network.flags() | users.flags();
    let args = CloneArgs { flags, cgroup: cgroup.fd() };
    let _clock = options.clock.shift()?;
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(args, &command, steps)?;

    let parts: Vec<Box<dyn Part>> =
        vec![Box::new(cgroup), Box::new(network), Box::new(overlay), Box::new(users)];
    Container::new("chapter-09-security", &command, process, parts, state)
}
