//! What all chapters' containers have in common, and how one is run to its end.

use std::process::ExitCode;
use std::time::Duration;

use crate::{Outcome, Process, Result, State};

/// A container of any chapter: created, and held before its command.
///
/// Dropping it removes everything it was made of.
pub trait Container {
    /// Its first process.
    fn process(&mut self) -> &mut Process;

    /// Its id and record.
    fn state(&self) -> &State;

    /// What its user should know before it starts, a line each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Adds what this chapter knows of the container's life, after its end.
    ///
    /// # Errors
    /// If something of it could not be read.
    fn report(&mut self, _outcome: &mut Outcome) -> Result<()> {
        Ok(())
    }

    /// Starts the container and waits for its end.
    ///
    /// # Errors
    /// If it cannot be started, waited for, or reported on.
    fn run(&mut self) -> Result<Outcome> {
        let process = self.process();
        process.start()?;
        let status = process.wait()?;
        let mut outcome = Outcome {
            status,
            duration: process.duration().unwrap_or(Duration::ZERO),
            peak_memory: None,
            cpu_time: None,
            throttled: None,
            killed_by: None,
            changes: None,
            kept: None,
        };
        self.report(&mut outcome)?;
        Ok(outcome)
    }
}

/// Runs what `create` makes, as each chapter's own program does.
pub fn main<C: Container>(create: impl FnOnce() -> Result<C>) -> ExitCode {
    match create().and_then(run_to_end) {
        Ok(outcome) => {
            if let Some(limit) = &outcome.killed_by {
                eprintln!("killed: {limit} was reached");
            }
            if let Some(kept) = &outcome.kept {
                eprintln!("kept: {}", kept.display());
            }
            ExitCode::from(outcome.status.code())
        }
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = error.to_hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(error.to_exit_code())
        }
    }
}

fn run_to_end(mut container: impl Container) -> Result<Outcome> {
    for note in container.notes() {
        eprintln!("note: {note}");
    }
    container.run()
}
