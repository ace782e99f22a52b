//! `lab exercise check`: a learner's answer, and what is noted of it.

use std::io::stdout;

use anstream::{AutoStream, ColorChoice};
use colored::Colorize;
use process::Result;

use super::bench::{Bench, Seeds};
use super::checks::Check;
use super::course::Exercise;
use super::desk::Desk;
use super::observation;
use super::prose::fitted;
use super::values::random_seed;
use super::verdict::Verdict;
use crate::output::{print, println};

/// A bench whose messages are for whoever reads our output.
///
/// # Errors
/// If something cannot be built.
pub fn bench(desk: &Desk) -> anyhow::Result<Bench> {
    Bench::new(&desk.course, AutoStream::choice(&stdout()) != ColorChoice::Never)
}

/// Checks the answer, and notes how it went.
///
/// # Errors
/// If the check cannot be done.
pub fn check(desk: &mut Desk, bench: &Bench, exercise: &Exercise) -> Result<Verdict> {
    let check = Check::read(exercise, None)?;
    let answer = desk.copy.answer(exercise)?;
    let seeds = Seeds { check: random_seed()?, learner: desk.copy.seed() };
    let verdict = bench.check(exercise, &check, &answer, seeds)?;
    if verdict.has_passed() {
        observation::stop(exercise)?;
    }
    if verdict.reason.is_none() {
        let points = exercise.about.points;
        let record = desk.progress.note(exercise);
        record.attempts = record.attempts.saturating_add(1);
        if verdict.has_passed() && !record.solved {
            record.solved = true;
            // Whoever has seen the solution has learned from it, but not done it.
            record.points = if record.solution_seen { 0 } else { points };
        }
        desk.progress.write(&desk.copy)?;
    }
    Ok(verdict)
}

/// Shows a verdict, and after passing what was behind it all.
///
/// # Errors
/// If the course cannot be read.
pub fn show(desk: &Desk, exercise: &Exercise, verdict: &Verdict) -> Result<()> {
    print!("{}", verdict.to_text());
    if verdict.has_passed() {
        println!("\n{}\n", fitted(exercise.text("explanation.md")?.trim_end()));
        match desk.first_unsolved()? {
            Some(next) => {
                println!("{}  lab exercise next    ({})", "then".cyan().bold(), next.name)
            }
            None => println!("That was the last one. All exercises are solved."),
        }
    }
    Ok(())
}
