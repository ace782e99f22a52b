//! What people type for the runtime of chapter 2: its options, and those of the chapters
//! before.

use chroot::RootOptions;
use process::CommandOptions;

use crate::PidOptions;

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// PID 1.
    #[command(flatten)]
    pub pid: PidOptions, //                               new in this chapter
    /// The root file system.
    #[command(flatten)]
    pub root: RootOptions,
    /// The command and its surroundings.
    #[command(flatten)]
    pub command: CommandOptions,
}
