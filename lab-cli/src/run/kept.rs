//! A container with a runtime of its own, from chapter 11 on: launched, looked at, started, and
//! then left or attached to.

use std::fs::File;
use std::process::ExitCode;

use anyhow::Result;
use lifecycle::{Ended, Input, Life, launch};
use nix::unistd::Pid;
use process::State;
use process::record::known_by_id;

use super::args::{OwnArgs, ViewChoice};
use super::report::Report;
use super::{RunArgs, detail, observe, show};
use crate::output::{self, println};
use crate::summary;

/// Runs the container of this record.
///
/// # Errors
/// If it cannot be started.
pub fn run(state: State, args: &RunArgs, json: Option<File>) -> Result<ExitCode> {
    let OwnArgs { chapter, view, .. } = args.own;
    let is_detached = args.options.life.detach;
    // In the background, its id is all that is wanted.
    let detail = if is_detached { view.unwrap_or(ViewChoice::None) } else { detail(view) };
    let (id, full_id) = (state.id().to_owned(), state.full_id().to_owned());
    let launched = launch(state)?;
    let held = known_by_id(&id)?;
    for note in held.as_ref().map(Life::of).transpose()?.into_iter().flat_map(|life| life.notes) {
        output::note(&note);
    }
    let seen = held.and_then(|it| it.process);
    let seen = seen.and_then(|it| observe(Pid::from_raw(it.pid), detail, json.is_some()));
    if let Some(seen) = &seen {
        show(seen, detail, chapter, &id);
    }
    if is_detached {
        launched.start()?;
        println!("{full_id}");
        return Ok(ExitCode::SUCCESS);
    }
    let ended = launched.attach(&args.options.attach, Input::Forwarded)?;
    if let Ended::Exited(ending) = &ended {
        output::tell(&match detail {
            ViewChoice::None => summary::ending_in_short(ending),
            ViewChoice::Full | ViewChoice::Brief => summary::of_ending(ending),
        });
        if let Some(file) = json {
            let outcome = ending.into();
            let report = Report { chapter: chapter.package, id: &id, view: seen, outcome };
            report.write_or_warn(file);
        }
    }
    Ok(ExitCode::from(ended.code()))
}
