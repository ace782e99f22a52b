//! `lab exercise check`: a learner's answer, and what is noted of it.

use std::io::stdout;

use anstream::{AutoStream, ColorChoice};
use colored::Colorize;
use process::Result;

use super::container;
use super::prose::fitted;
use super::session::Session;
use crate::exercise::checker;
use crate::exercise::checker::Seeds;
use crate::exercise::checker::tools::Tools;
use crate::exercise::course::Exercise;
use crate::exercise::course::check::Check;
use crate::exercise::course::verdict::Verdict;
use crate::exercise::values::random_seed;
use crate::output::{print, println};

/// Tools whose messages are for whoever reads our output.
///
/// # Errors
/// If something cannot be built.
pub fn tools(session: &Session) -> anyhow::Result<Tools> {
    Tools::new(&session.course, AutoStream::choice(&stdout()) != ColorChoice::Never)
}

/// Checks the answer, and notes how it went.
///
/// # Errors
/// If the check cannot be done.
pub fn check(session: &mut Session, tools: &Tools, exercise: &Exercise) -> Result<Verdict> {
    let check = Check::read(exercise, None)?;
    let answer = session.copy.answer(exercise)?;
    let seeds = Seeds { check: random_seed()?, learner: session.copy.seed() };
    let verdict = checker::check(tools, exercise, &check, &answer, seeds)?;
    if verdict.has_passed() {
        container::stop(exercise)?;
    }
    if verdict.reason.is_none() {
        let points = exercise.about.points;
        let record = session.progress.note(exercise);
        record.attempts = record.attempts.saturating_add(1);
        if verdict.has_passed() && !record.solved {
            record.solved = true;
            // A learner who has seen the solution has learned from it, but not done it.
            record.points = if record.solution_seen { 0 } else { points };
        }
        session.progress.write(&session.copy)?;
    }
    Ok(verdict)
}

/// Shows a verdict, and after passing what was behind it all.
///
/// # Errors
/// If the course cannot be read.
pub fn show(session: &Session, exercise: &Exercise, verdict: &Verdict) -> Result<()> {
    print!("{}", verdict.to_text());
    if verdict.has_passed() {
        println!("\n{}\n", fitted(exercise.text("explanation.md")?.trim_end()));
        match session.first_unsolved()? {
            Some(next) => {
                println!("{}  lab exercise next    ({})", "then".cyan().bold(), next.name)
            }
            None => println!("That was the last one. All exercises are solved."),
        }
    }
    Ok(())
}
