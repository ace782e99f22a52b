//! What people type for the runtime of chapter 1: its options, and those of the chapters
//! before.

use process::CommandOptions;

use crate::RootOptions;

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The root file system.
    #[command(flatten)]
    pub root: RootOptions, //                             new in this chapter
    /// The command and its surroundings.
    #[command(flatten)]
    pub command: CommandOptions,
}
