//! What helps a learner who is stuck: hints, the solution, a new beginning.

use std::ffi::OsStr;
use std::path::Path;

use colored::Colorize;
use process::{Error, Result};

use super::copy::relative;
use super::prose::fitted;
use super::session::{Session, ask};
use super::{container, diff};
use crate::exercise::course::Exercise;
use crate::exercise::course::answer::{self, LARGEST};
use crate::output::println;

/// The next hint only: whoever needs one does not want to read the others.
///
/// # Errors
/// If the course cannot be read.
pub fn hint(session: &mut Session, exercise: &Exercise) -> Result<()> {
    let hints = exercise.hints()?;
    let record = session.progress.note(exercise);
    let is_all = record.hints >= hints.len();
    if !is_all {
        record.hints += 1;
    }
    let number = record.hints;
    session.progress.write(&session.copy)?;
    let Some(hint) = number.checked_sub(1).and_then(|at| hints.get(at)) else {
        return Err(Error::new(format!("{} has no hints", exercise.name)));
    };
    println!("{} {number} of {}: {}", "hint".cyan().bold(), hints.len(), fitted(hint));
    if is_all {
        println!("\nThat is the last one. `lab exercise solution` shows the solution.");
    }
    Ok(())
}

/// What the solution changes in the starter, if that is really wanted.
///
/// # Errors
/// If the course cannot be read, or nobody says yes.
pub fn solution(session: &mut Session, exercise: &Exercise, is_yes: bool) -> Result<()> {
    let is_solved = session.progress.of(exercise).solved;
    if !is_solved && !ask("show the solution, and count it as seen?", is_yes)? {
        return Ok(());
    }
    session.progress.note(exercise).solution_seen |= !is_solved;
    session.progress.write(&session.copy)?;
    let starter = session.copy.starter(exercise)?;
    let solution = answer::fill(exercise, exercise.solution()?, session.copy.seed())?;
    for (name, bytes) in &solution {
        let before = starter.get(name).map(Vec::as_slice).unwrap_or_default();
        println!("{}", name.bold());
        println!(
            "{}",
            diff::lines(&String::from_utf8_lossy(before), &String::from_utf8_lossy(bytes))
        );
    }
    Ok(())
}

/// The explanation, when it gives nothing away any more.
///
/// # Errors
/// If it is not solved yet.
pub fn explain(session: &Session, exercise: &Exercise) -> Result<()> {
    let record = session.progress.of(exercise);
    if !record.solved && !record.solution_seen {
        return Err(Error::new(format!("{} is not solved yet", exercise.name))
            .with_hint("the explanation would give it away: lab exercise hint helps"));
    }
    println!("{}", fitted(exercise.text("explanation.md")?.trim_end()));
    Ok(())
}

/// The starter again; what was written is kept beside it.
///
/// # Errors
/// If a file cannot be written, or nobody says yes.
pub fn reset(session: &Session, exercise: &Exercise, is_yes: bool) -> Result<()> {
    container::stop(exercise)?;
    let question = format!("put the starter of {} back?", exercise.name);
    if !ask(&question, is_yes)? {
        return Ok(());
    }
    let mut is_same = true;
    for (name, bytes) in session.copy.starter(exercise)? {
        let (files, path) = (session.copy.files(), relative(exercise, &name));
        let path = Path::new(&path);
        let before = files.read(path, LARGEST)?.unwrap_or_default();
        if before == bytes {
            continue;
        }
        is_same = false;
        let path_of = |name: &str| session.copy.path_of(exercise, name);
        if !before.is_empty() {
            let kept = format!("{name}.orig");
            files.rename(path, OsStr::new(&kept))?;
            println!("kept {}", path_of(&name).with_file_name(kept).display());
        }
        files.write(path, &bytes)?;
        println!("put back {}", path_of(&name).display());
    }
    if is_same {
        println!("nothing has been changed");
    }
    Ok(())
}
