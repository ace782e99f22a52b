//! `lab exec`: one more command in a container that runs.

use std::process::ExitCode;

use anyhow::Result;
use enter::ExecOptions;
use process::Namespace;
use user_ns::rootless::{self, World};

use crate::output;

/// Runs the command, as root of the world that the container is in.
///
/// # Errors
/// If it does not come to run; a command that fails is a status, no error.
pub fn run(options: &ExecOptions) -> Result<ExitCode> {
    // An ordinary user's containers are in that user's world; chapter 0 needs none.
    if !process::is_privileged() && options.target()?.has_own(Namespace::User)? {
        rootless::enter(World::Shared, output::note)?;
    }
    security::protect_runtime()?;
    let status = enter::exec(options)?;
    Ok(ExitCode::from(status.code()))
}
