//! The whole runtime of chapter 6: with its share of memory, CPU and processes.

use chroot::RootOptions;
use mount_ns::{MountOptions, Root};
use net_ns::{Network, NetworkOptions};
use pid_ns::PidOptions;
use process::{CloneArgs, CloneFlags, CommandOptions, Container, Part, Process, Result, State};
use uts_ipc::{NameOptions, Names};

use crate::{Cgroup, LimitOptions};

/// What is of the container's own from the clone on; its view of the cgroups comes
/// later, see [`Cgroup::enter`].
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Its share of the host.
    #[command(flatten)]
    pub limits: LimitOptions, //                          new in this chapter
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
    let cgroup = Cgroup::create(&options.limits, &state)?; // new in this chapter

    let address = network.address().map_or("127.0.1.1".to_owned(), |address| address.to_string());
    let etc = [
        ("hostname", names.hostname_file()),
        ("hosts", names.hosts_file(&address)),
        ("resolv.conf", network.resolv_conf().to_owned()),
    ];

    let parent = |pid| network.attach(pid);
    // ANCHOR: child
    let child = || {
        cgroup.enter()?; //                               new in this chapter
        names.set()?;
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        uts_ipc::show_in_etc(&root, &etc)?;
        mount_ns::mount_volumes(&root, &options.mounts)?;
        mount_ns::pivot(&root, options.mounts.read_only)?;
        cgroup.mount_inside()?; //                        new in this chapter
        network.configure_inside()?;
        options.pid.split_off_init()
    };
    let args = CloneArgs { flags: FLAGS | network.flags(), cgroup: cgroup.fd() };
    let process = Process::create(args, &command, parent, child)?;
    // ANCHOR_END: child

    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup), Box::new(network)];
    Container::new("chapter-06-cgroups", &command, process, parts, state)
}
