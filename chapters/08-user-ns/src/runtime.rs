//! The whole runtime of chapter 8: a container whose root has no power outside.

use cgroups::{Cgroup, LimitOptions};
use chroot::RootOptions;
use mount_ns::MountOptions;
use net_ns::{Network, NetworkOptions};
use overlay::{LayerOptions, Overlay};
use pid_ns::PidOptions;
use process::{
    CloneArgs, CloneFlags, CommandOptions, Container, Part, Process, Result, State, Steps, User,
};
use uts_ipc::{NameOptions, Names};

use crate::{ClockOptions, UserNamespace, UserOptions};

/// What is of the container's own from the clone on; its view of the cgroups comes
/// later, see [`Cgroup::enter`].
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Its users.
    #[command(flatten)]
    pub users: UserOptions, //                            new in this chapter
    /// Its clocks.
    #[command(flatten)]
    pub clock: ClockOptions, //                           new in this chapter
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
    let command = options.command.command()?;
    let rootfs = options.root.resolve()?;
    options.mounts.check()?;
    let state = State::create()?;
    let names = Names::new(&options.names, &state)?;
    let network = Network::prepare(&options.network, &state)?;
    let cgroup = Cgroup::create(&options.limits, &state)?;
    let overlay = Overlay::prepare(&options.layers, &options.mounts, rootfs, &state)?;
    let users = UserNamespace::prepare(&options.users)?; // new in this chapter
    users.give(&overlay)?;

    let address = network.address().map_or("127.0.1.1".to_owned(), |address| address.to_string());
    let etc = [
        ("hostname", names.hostname_file()),
        ("hosts", names.hosts_file(&address)),
        ("resolv.conf", network.resolv_conf().to_owned()),
    ];

    // ANCHOR: both
    let parent = |pid| {
        users.write_maps(pid)?; //                        new in this chapter
        network.attach(pid)?;
        users.open_trees(pid, &overlay, &options.mounts)
    };
    let child = |mut trees| {
        cgroup.enter()?;
        users.become_root()?; //                          new in this chapter
        names.set()?;
        mount_ns::isolate()?;
        let root = users.mount_layers(&overlay, &mut trees)?;
        mount_ns::mount_filesystems(&root)?;
        uts_ipc::show_in_etc(&root, &etc)?;
        users.mount_volumes(&root, &options.mounts, trees)?;
        mount_ns::pivot(&root, options.mounts.read_only)?;
        cgroup.mount_inside()?;
        network.configure_inside()?;
        options.pid.split_off_init()
    };
    // ANCHOR_END: both
    let flags = FLAGS | network.flags() | users.flags();
    let args = CloneArgs { flags, cgroup: cgroup.fd() };
    let _clock = options.clock.shift()?; //               new in this chapter
    let steps = Steps { parent, child, become_user: User::become_it };
    let process = Process::create_in_steps(args, &command, steps)?;

    let parts: Vec<Box<dyn Part>> =
        vec![Box::new(cgroup), Box::new(network), Box::new(overlay), Box::new(users)];
    Container::new("chapter-08-user-ns", &command, process, parts, state)
}
