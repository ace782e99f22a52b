//! What people type for the runtime of chapter 11: its options, and those of the chapters
//! before.

use cgroups::LimitOptions;
use chroot::RootOptions;
use enter::JoinOptions;
use mount_ns::MountOptions;
use net_ns::NetworkOptions;
use overlay::LayerOptions;
use pid_ns::PidOptions;
use process::CommandOptions;
use security::SecurityOptions;
use user_ns::{ClockOptions, UserOptions};
use uts_ipc::NameOptions;

use crate::{AttachOptions, LifeOptions};

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// How long it lives.
    #[command(flatten)]
    pub life: LifeOptions, //                             new in this chapter
    /// How its caller is attached.
    #[command(flatten)]
    pub attach: AttachOptions, //                         new as well
    /// What it has of others.
    #[command(flatten)]
    pub join: JoinOptions,
    /// What it may do.
    #[command(flatten)]
    pub security: SecurityOptions,
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
