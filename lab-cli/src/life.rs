//! `lab create`, `start`, `stop`, `ps` …: containers that outlive a command, chapter 11.

use std::process::ExitCode;

use anyhow::Result;
use lifecycle::Options;
use process::Error;
use user_ns::rootless;

use crate::chapters::Chapter;
use crate::output::{self, println};
use crate::rootfs;

/// Makes a container, and no process; its id is printed.
///
/// # Errors
/// If its options make no sense.
pub fn create(options: &Options) -> Result<ExitCode> {
    refuse_a_chapter(options)?;
    rootless::become_root(&options.network, output::note)?;
    let mut options = options.clone();
    if options.root.rootfs.is_none() {
        options.root.rootfs = Some(rootfs::pristine()?);
    }
    println!("{}", lifecycle::create(&options)?.full_id());
    Ok(ExitCode::SUCCESS)
}

/// `lab run` takes a chapter first, and this does not: it would be the command, and everything
/// behind it its arguments.
fn refuse_a_chapter(options: &Options) -> Result<()> {
    let first = options.command.command.first().and_then(|word| word.to_str());
    let is_chapter = |word: &str| {
        Chapter::named(word)
            .is_some_and(|it| word == it.short_name() || word.parse::<u32>().is_ok())
    };
    match first.filter(|word| is_chapter(word)) {
        Some(word) => Err(Error::new(format!("`{word}` would be the command, and is a chapter"))
            .with_hint("lab create takes none: what it makes is of chapter 11")
            .into()),
        None => Ok(()),
    }
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
