//! `lab clean`: removes what a killed run has left, and says what it was.

use std::process::ExitCode;

use anyhow::Result;
use colored::Colorize;
use lifecycle::KINDS;
use process::record::orphan;
use process::{Error, State};
use user_ns::rootless::World;

use crate::output::{self, println};
use crate::rootfs;

/// Removes all leftovers of containers whose runtime has died, and root file systems
/// that nobody will use again.
///
/// # Errors
/// If the state directory cannot be read. Something that cannot be removed is told, stays
/// recorded and is tried again the next time; it keeps nothing else from being removed.
pub fn run() -> Result<ExitCode> {
    let mut done = Done::default();
    if !process::is_privileged() {
        user_ns::rootless::sweep()?.into_iter().for_each(|line| done.tell(Ok(line)));
    }
    // Things made as root of a user namespace can be removed only as such a root.
    let is_for_us = |state: &State| process::is_privileged() || !state.has_leftovers();
    let (ours, others): (Vec<_>, Vec<_>) = State::abandoned()?.into_iter().partition(is_for_us);
    for state in ours {
        let (id, dir) = (state.id().to_owned(), state.dir().to_owned());
        let parts = process::sweep(&state, &KINDS);
        let (is_done, stays) = (parts.iter().all(process::Result::is_ok), state.stays());
        parts.into_iter().for_each(|part| done.tell(part));
        drop(state);
        if stays {
            continue;
        }
        // With something left in it, the record has stayed.
        if !dir.exists() {
            done.tell(Ok(format!("record of {id}")));
        } else if is_done {
            let error = Error::new(format!("the record of {id} has something unknown in it"));
            done.tell(Err(error.with_hint(format!("look into {}", dir.display()))));
        }
    }
    if !others.is_empty() {
        // There, the processes of that one are somebody else's.
        for line in others.iter().filter_map(end_process) {
            done.tell(Ok(line));
        }
        user_ns::rootless::enter(World::Left, output::note)?;
    }
    for line in rootfs::sweep()? {
        println!("{line}");
        done.removed += 1;
    }
    if done.removed == 0 && done.failed.is_none() {
        println!("nothing to clean");
    }
    Ok(done.failed.map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// What was told.
#[derive(Default)]
struct Done {
    removed: usize,
    /// The exit code of the first failure.
    failed: Option<u8>,
}

impl Done {
    fn tell(&mut self, part: process::Result<String>) {
        match part {
            Ok(line) => {
                println!("{} {line}", "removed".green());
                self.removed += 1;
            }
            Err(error) => {
                self.failed.get_or_insert(error.exit_code());
                output::print_error(&error.into());
            }
        }
    }
}

/// The same before a run: quick when there is nothing, and never in its way.
pub fn sweep_before_run() {
    if !process::is_privileged() {
        return; // chapter 0, which leaves nothing
    }
    if user_ns::rootless::has_other_network() {
        return; // the next run in there does it
    }
    let warn = |error: Error| {
        output::warn(&format!("cleaning up after an earlier run: {error}"), error.hint());
    };
    match State::abandoned() {
        Ok(abandoned) => {
            let swept = abandoned.iter().flat_map(|state| process::sweep(state, &KINDS));
            swept.filter_map(process::Result::err).for_each(warn);
        }
        Err(error) => warn(error),
    }
}

/// Ends what still runs of a record; where that fails, it is told by whoever sweeps.
fn end_process(state: &State) -> Option<String> {
    orphan::kill(state).ok()??.wait().ok()
}
