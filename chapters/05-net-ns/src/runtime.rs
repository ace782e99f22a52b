//! The whole runtime of chapter 5: with a network of its own.

use chroot::RootOptions;
use mount_ns::{MountOptions, Root};
use pid_ns::PidOptions;
use process::{CloneFlags, CommandOptions, Container, Part, Process, Result, State};
use uts_ipc::{NameOptions, Names};

use crate::{Network, NetworkOptions};

/// What is of the container's own, beside the network: that depends on its mode.
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The network.
    #[command(flatten)]
    pub network: NetworkOptions, //                       new in this chapter
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
    let network = Network::prepare(&options.network, &state)?; // ports, bridge, address

    let address = network.address().map_or("127.0.1.1".to_owned(), |address| address.to_string());
    let etc = [
        ("hostname", names.hostname_file()),
        ("hosts", names.hosts_file(&address)),
        ("resolv.conf", network.resolv_conf().to_owned()),
    ];

    // ANCHOR: sides
    let parent = |pid| network.attach(pid); //            new in this chapter: the cable
    let child = || {
        names.set()?;
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        uts_ipc::show_in_etc(&root, &etc)?;
        mount_ns::mount_volumes(&root, &options.mounts)?;
        mount_ns::pivot(&root, options.mounts.read_only)?;
        network.configure_inside()?; //                   new in this chapter: lo, eth0, routes
        options.pid.split_off_init()
    };
    let flags = FLAGS | network.flags();
    let process = Process::create(flags, &command, parent, child)?;
    // ANCHOR_END: sides

    let parts: Vec<Box<dyn Part>> = vec![Box::new(network)];
    Container::new("chapter-05-net-ns", &command, process, parts, state)
}
