//! `lab exercise selftest`: the course checks itself.
//!
//! A check that lets anything pass teaches nothing, and one that lets nothing pass is
//! worse. So every starter has to be built and to fail, every solution to pass, and the
//! wrong answers, which somebody might well hand in, to fail as well.

use std::collections::BTreeMap;
use std::process::ExitCode;

use colored::Colorize;
use process::{Error, Result};

use super::checker::tools::Tools;
use super::checker::{self, Seeds};
use super::course::check::Check;
use super::course::verdict::Verdict;
use super::course::{Course, Exercise};
use super::values;
use crate::output::{self, println};
use crate::workers;

mod candidate;
mod counts;
mod files;

use candidate::{Candidate, candidates_of, fault};
use counts::Counts;

/// Check the course itself
#[derive(clap::Args)]
pub struct Args {
    /// The exercises [default: all of them]
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Those of one chapter
    #[arg(long, value_name = "NN")]
    chapter: Option<usize>,

    /// How many at a time [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,

    /// Show what each answer's check says
    #[arg(long)]
    verbose: bool,
}

/// Tries them all.
///
/// # Errors
/// If a check cannot be done.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let course = Course::find()?;
    let is_whole = args.names.is_empty() && args.chapter.is_none();
    let exercises = choose(&course, args)?;
    let mut faults: Vec<String> = exercises.iter().flat_map(files::faults).collect();
    let mut checks = BTreeMap::new();
    for exercise in &exercises {
        match Check::read(exercise, None) {
            Ok(check) => drop(checks.insert(exercise.name.as_str(), check)),
            Err(error) => faults.push(error.to_string()),
        }
    }
    let seed = values::random_seed()?;
    let mut candidates = Vec::new();
    for exercise in &exercises {
        if let Some(check) = checks.get(exercise.name.as_str()) {
            candidates.extend(candidates_of(exercise, check, seed)?);
        }
    }

    let tools = Tools::new(&course, false)?;
    // Before there are several who would build it.
    tools.libraries()?;
    let jobs = args.jobs.unwrap_or_else(workers::processors);
    let mut counts = Counts::of(exercises.len());
    let work = |candidate: &Candidate<'_>| -> Result<Verdict> {
        let seeds = Seeds { check: seed, learner: seed };
        checker::check(&tools, candidate.exercise, candidate.check, &candidate.answer, seeds)
            .map_err(|error| {
                Error::new(format!(
                    "{}, {}: {error}",
                    candidate.exercise.name,
                    candidate.role.name()
                ))
            })
    };
    let mut failed = None;
    workers::work(&candidates, jobs, work, |number, verdict| {
        let candidate = &candidates[number];
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(error) => {
                failed.get_or_insert(error);
                return;
            }
        };
        if args.verbose {
            println!("{} {}", "──".dimmed(), candidate.role.name().bold());
            println!("{}", verdict.to_text());
        }
        counts.add(candidate, &verdict);
        faults.extend(fault(candidate, &verdict));
    })?;
    if is_whole {
        faults.extend(counts.too_few());
    }
    println!("{}", counts.to_text());
    faults.sort();
    for fault in &faults {
        output::tell(&format!("{} {fault}\n", "fault:".red().bold()));
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose(course: &Course, args: &Args) -> Result<Vec<Exercise>> {
    let mut exercises = course.exercises()?;
    for name in &args.names {
        if !exercises.iter().any(|exercise| exercise.name == *name) {
            return Err(Error::new(format!("there is no exercise {name}")));
        }
    }
    exercises.retain(|exercise| {
        (args.names.is_empty() || args.names.contains(&exercise.name))
            && args.chapter.is_none_or(|chapter| exercise.chapter_number() == chapter)
    });
    Ok(exercises)
}
