//! A container of any chapter: a process, the parts it is made of, and its record.

use std::fmt::Arguments;
use std::io::{Write, stderr};
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use crate::part::{self, Part};
use crate::{Error, ExitStatus, Outcome, Process, Resolved, Result, State, printable};

/// A container, created and held before its command.
///
/// Dropping it removes all it was made of, in the order of the fields: a part can be
/// removed when no process uses it any more (`part.rs` has their order), and the record when
/// nothing is left.
#[derive(Debug)]
pub struct Container {
    process: Process,
    parts: Vec<Box<dyn Part>>,
    state: State,
}

impl Container {
    /// Puts a container together, and writes down who runs in it, and what it was asked to be:
    /// a [`Command`](crate::Command), or all values of a chapter.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub fn new(
        chapter: &str,
        resolved: impl Into<Resolved>,
        process: Process,
        mut parts: Vec<Box<dyn Part>>,
        state: State,
    ) -> Result<Self> {
        part::sort(&mut parts);
        // Whole first, so that it is removed in that order if the next step fails.
        let mut container = Self { process, parts, state };
        container.state.announce(chapter, &container.process, resolved.into())?;
        Ok(container)
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

    /// Starts the container, waits for its end, and tells what is known of its life.
    ///
    /// # Errors
    /// If it cannot be started, or waited for.
    pub fn run(&mut self) -> Result<Outcome> {
        self.start()?;
        let status = self.wait()?;
        Ok(self.report(status))
    }

    /// Starts it: it becomes the command.
    ///
    /// # Errors
    /// As [`Process::start`].
    pub fn start(&self) -> Result<()> {
        self.process.start()
    }

    /// A descriptor that can be read from when [`Self::has_ended`] has something to do.
    ///
    /// # Errors
    /// If there is none.
    pub fn signals(&self) -> Result<OwnedFd> {
        self.process.signals()
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.has_ended()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.process.wait()
    }

    /// What is known of its life, when it has ended.
    pub fn report(&self, status: ExitStatus) -> Outcome {
        let duration = self.process.duration().unwrap_or(Duration::ZERO);
        let mut outcome = Outcome::new(status, duration);
        for part in &self.parts {
            if let Err(error) = part.report(&mut outcome) {
                outcome.failures.push(error);
            }
        }
        outcome
    }

    /// Lets go of one that lives on its own, and of nothing that it is made of: that is removed
    /// by who finds its record and sees that it has ended.
    ///
    /// # Errors
    /// If it does not live on its own, or that cannot be written down; then it is removed.
    pub fn leave(mut self) -> Result<()> {
        // Written down first: one that was not told of it yet ends with us.
        self.state.give_to_itself()?;
        self.process.leave()?;
        let Self { parts, state, .. } = self;
        let _stays = ManuallyDrop::new(parts);
        state.leave();
        Ok(())
    }

    /// Removes what it was made of when it has ended, but for its record and, if it
    /// [stays](State::stays), its files.
    pub fn end(self) -> State {
        let Self { process, parts, state } = self;
        drop(process);
        drop(parts);
        state
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
                .with_hint("`lab clean` tries again, and tells what it is")),
        }
    }
}

/// Runs what `create` makes, as each chapter's own program does.
pub fn main(create: impl FnOnce() -> Result<Container>) -> ExitCode {
    match create().and_then(run_to_end) {
        Ok(outcome) => ExitCode::from(outcome.status.code()),
        Err(error) => {
            tell_error("error", &error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run_to_end(mut container: Container) -> Result<Outcome> {
    container.notes().iter().for_each(|text| note(text));
    let outcome = container.run()?;
    outcome.news().iter().for_each(|line| tell(format_args!("{line}")));
    let removed = container.remove().err();
    outcome.failures.iter().chain(&removed).for_each(|error| tell_error("warning", error));
    Ok(outcome)
}

fn tell_error(label: &str, error: &Error) {
    tell(format_args!("{label}: {error}"));
    if let Some(hint) = error.hint() {
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
