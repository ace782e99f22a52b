//! What people type for the runtime of chapter 0.

use crate::CommandOptions;

/// What this runtime can be asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The command and its surroundings.
    #[command(flatten)]
    pub command: CommandOptions,
}
