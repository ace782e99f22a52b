//! A container of any chapter: a process, the parts it is made of, and its record.

use std::fmt::{Arguments, Debug};
use std::io::{Write, stderr};
use std::process::ExitCode;
use std::time::Duration;

use crate::{Command, Error, Outcome, Process, Result, State, printable};

/// Something a container is made of beside its process: a network, a cgroup, a layer.
///
/// Dropping it removes it.
pub trait Part: Debug {
    /// What the user should know before the container starts, a line each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Adds what it knows of the container's life, after its end.
    ///
    /// # Errors
    /// If something of it could not be read.
    fn report(&self, _outcome: &mut Outcome) -> Result<()> {
        Ok(())
    }
}

/// A container, created and held before its command.
///
/// Dropping it removes all it was made of, in the order of the fields: a part can be
/// removed when no process uses it any more, and the record when nothing is left.
#[derive(Debug)]
pub struct Container {
    process: Process,
    parts: Vec<Box<dyn Part>>,
    state: State,
}

impl Container {
    /// Puts a container together, and writes down who runs in it.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub fn new(
        chapter: &str,
        command: &Command,
        process: Process,
        parts: Vec<Box<dyn Part>>,
        state: State,
    ) -> Result<Self> {
        state.announce(chapter, process.pid(), command)?;
        Ok(Self { process, parts, state })
    }

    /// Its first process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its id and record.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What its user should know before it starts, a line each.
    pub fn notes(&self) -> Vec<String> {
        self.parts.iter().flat_map(|part| part.notes()).collect()
    }

    /// Starts the container and waits for its end.
    ///
    /// # Errors
    /// If it cannot be started, or waited for.
    pub fn run(&mut self) -> Result<Outcome> {
        self.process.start()?;
        let status = self.process.wait()?;
        let mut outcome = Outcome {
            status,
            duration: self.process.duration().unwrap_or(Duration::ZERO),
            peak_memory: None,
            cpu_time: None,
            throttled: None,
            killed_by: None,
            oom_kills: None,
            changes: None,
            kept: None,
            failures: Vec::new(),
        };
        for part in &self.parts {
            if let Err(error) = part.report(&mut outcome) {
                outcome.failures.push(error);
            }
        }
        Ok(outcome)
    }

    /// Removes all it was made of.
    ///
    /// # Errors
    /// If something of it is still there; it stays recorded.
    pub fn remove(self) -> Result<()> {
        let (id, record) = (self.state.id().to_owned(), self.state.dir().to_owned());
        drop(self);
        match record.try_exists() {
            Ok(false) => Ok(()),
            _ => Err(Error::new(format!("something of {id} could not be removed"))
                .hint("`lab clean` tries again, and tells what it is")),
        }
    }
}

/// Runs what `create` makes, as each chapter's own program does.
pub fn main(create: impl FnOnce() -> Result<Container>) -> ExitCode {
    match create().and_then(run_to_end) {
        Ok(outcome) => ExitCode::from(outcome.status.code()),
        Err(error) => {
            tell_error("error", &error);
            ExitCode::from(error.to_exit_code())
        }
    }
}

fn run_to_end(mut container: Container) -> Result<Outcome> {
    container.notes().iter().for_each(|text| note(text));
    let outcome = container.run()?;
    if let Some(limit) = &outcome.killed_by {
        tell(format_args!("killed: {limit} was reached"));
    }
    if let Some(victims) = outcome.victims() {
        tell(format_args!("killed: {victims}, the memory limit was reached"));
    }
    if let Some(kept) = &outcome.kept {
        tell(format_args!("kept: {}", kept.display()));
    }
    let removed = container.remove().err();
    outcome.failures.iter().chain(&removed).for_each(|error| tell_error("warning", error));
    Ok(outcome)
}

fn tell_error(label: &str, error: &Error) {
    tell(format_args!("{label}: {error}"));
    if let Some(hint) = error.to_hint() {
        tell(format_args!("hint: {hint}"));
    }
}

/// Prints what is good to know.
pub fn note(text: &str) {
    tell(format_args!("note: {text}"));
}

/// Prints a line for people, in which a container may have named something. `eprintln!`
/// would panic where nobody reads it any more, and the command's exit code would be lost.
fn tell(line: Arguments<'_>) {
    let _ = writeln!(stderr(), "{}", printable(&line.to_string()));
}
