//! A container with a runtime of its own, from chapter 11 on: launched, looked at, started, and
//! then left or attached to.

use std::fs::File;
use std::process::ExitCode;

use anyhow::Result;
use lifecycle::Life;
use nix::unistd::Pid;
use process::State;
use process::record::known_by_id;

use super::args::{OwnArgs, ViewChoice};
use super::{RunArgs, observe, show};
use crate::output::{self, println};

/// Runs the container of this record.
///
/// # Errors
/// If it cannot be started.
pub fn run(
    state: State,
    args: &RunArgs,
    detail: ViewChoice,
    _json: Option<File>,
) -> Result<ExitCode> {
    let OwnArgs { chapter, .. } = args.own;
    let (id, full_id) = (state.id().to_owned(), state.full_id().to_owned());
    let launched = lifecycle::launch(state)?;
    let held = known_by_id(&id)?;
    let life = held.as_ref().map(Life::of).transpose()?;
    life.iter().flat_map(|life| &life.notes).for_each(|text| output::note(text));
    let process = held.and_then(|it| it.process);
    let seen = process.and_then(|it| observe(Pid::from_raw(it.pid), detail, false));
    if let Some(seen) = &seen {
        show(seen, detail, chapter, &id);
    }
    launched.start()?;
    println!("{full_id}");
    Ok(ExitCode::SUCCESS)
}
