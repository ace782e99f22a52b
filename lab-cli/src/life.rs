//! `lab create`, `start`, `stop`, `ps` …: containers that outlive a command, chapter 11.

use std::process::ExitCode;

use anyhow::Result;
use lifecycle::Options;
use user_ns::rootless;

use crate::output::{self, println};
use crate::rootfs;

/// Makes a container, and no process; its id is printed.
///
/// # Errors
/// If its options make no sense.
pub fn create(options: &Options) -> Result<ExitCode> {
    rootless::become_root(&options.network, output::note)?;
    let mut options = options.clone();
    if options.root.rootfs.is_none() {
        options.root.rootfs = Some(rootfs::pristine()?);
    }
    println!("{}", lifecycle::create(&options)?.full_id());
    Ok(ExitCode::SUCCESS)
}

/// Runs one of the commands about containers that are there.
///
/// # Errors
/// If it fails, for one of them at least.
pub fn run(command: &lifecycle::Command) -> Result<ExitCode> {
    if let Some(world) = command.world().filter(|_| !process::is_privileged()) {
        rootless::enter(world, output::note)?;
    }
    let code = command
        .run(|line| println!("{line}"), |error| output::warn(&error.to_string(), error.hint()))?;
    Ok(ExitCode::from(code))
}
