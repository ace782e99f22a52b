//! What people type for the runtime of chapter 5: its options, and those of the chapters
//! before.

use chroot::RootOptions;
use mount_ns::MountOptions;
use pid_ns::PidOptions;
use process::CommandOptions;
use uts_ipc::NameOptions;

use crate::NetworkOptions;

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
