//! What people type for the runtime of chapter 6: its options, and those of the chapters
//! before.

use chroot::RootOptions;
use mount_ns::MountOptions;
use net_ns::NetworkOptions;
use pid_ns::PidOptions;
use process::CommandOptions;
use uts_ipc::NameOptions;

use crate::LimitOptions;

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
