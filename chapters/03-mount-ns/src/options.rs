//! What people type for the runtime of chapter 3: its options, and those of the chapters
//! before.

use chroot::RootOptions;
use pid_ns::PidOptions;
use process::CommandOptions;

use crate::MountOptions;

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Volumes and the like.
    #[command(flatten)]
    pub mounts: MountOptions, //                          new in this chapter
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
