//! The command: what is graded, by how many, and what is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use process::{Error, Result, State, Step};

use super::marking::{Marking, choose};
use super::report::{Outcome, Report, Sheet, name_of};
use super::{csv, destination, junit, merge, table};
use crate::exercise::checker::tools::Tools;
use crate::exercise::course::Course;
use crate::exercise::course::check::Check;
use crate::exercise::course::files::read_toml;
use crate::exercise::sandbox::shown;
use crate::exercise::values;
use crate::output::{self, print};
use crate::{clean, workers};

/// The longest time that a submission can be given: a week, in seconds.
const LONGEST: i64 = 7 * 24 * 60 * 60;

/// Grade a class's submissions, each in a sandbox
#[derive(clap::Args)]
pub struct Args {
    /// Directories that `lab exercise init` has made
    #[arg(value_name = "SUBMISSION", required_unless_present = "merge")]
    submissions: Vec<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,

    /// How many at a time [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,

    /// Draw the values of all checks from this number, as a report names it
    #[arg(long, value_name = "N",
          value_parser = clap::value_parser!(u64).range(..=values::LARGEST_SEED))]
    seed: Option<u64>,

    /// A file that says which seed each submission was made with: lines of NAME = N
    #[arg(long, value_name = "FILE")]
    seeds: Option<PathBuf>,

    /// Take DIR/EXERCISE/check.toml instead of the course's, where it is there
    #[arg(long, value_name = "DIR")]
    checks: Option<PathBuf>,

    /// Grade this exercise only; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    exercise: Vec<String>,

    /// The most that one submission may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600,
          value_parser = clap::value_parser!(u32).range(1..=LONGEST))]
    time_limit: u32,

    /// Leave out the times: reports with one seed are the same then
    #[arg(long)]
    no_times: bool,

    /// Join reports in JSON instead of grading
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["submissions",
          "jobs", "seed", "seeds", "checks", "exercise"])]
    merge: Vec<PathBuf>,

    /// Write it to a file, and print the table
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// All there is, and what --merge takes
    Json,
    /// A row for each submission, a column for each exercise
    Csv,
    /// A test suite for each submission
    Junit,
}

/// Grades, or merges.
///
/// # Errors
/// If something of ours fails; whatever is wrong with a submission is in the report.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut report = if args.merge.is_empty() { grade(args)? } else { merge::merge(&args.merge)? };
    if args.no_times {
        report.forget_times();
    }
    let text = match args.format {
        Format::Table => table::of(&report),
        Format::Json => serde_json::to_string_pretty(&report)? + "\n",
        Format::Csv => csv::of(&report),
        Format::Junit => junit::of(&report),
    };
    match args.output.as_ref().filter(|file| !destination::is_stdout(file)) {
        Some(file) => {
            let plain = anstream::adapter::strip_str(&text).to_string();
            // An evening's work is not lost for a name that cannot be written to.
            destination::write(file, plain.as_bytes()).inspect_err(|_| print!("{text}"))?;
            print!("{}", table::of(&report));
        }
        None => print!("{text}"),
    }
    let marks = report.submissions.iter().flat_map(|sheet| &sheet.exercises);
    let errors = marks.filter(|mark| mark.result == Outcome::Error).count();
    if errors > 0 {
        let hint = "it is in the report which ones and why; --format json shows all";
        output::warn(&format!("{errors} exercises could not be checked"), Some(hint));
    }
    Ok(ExitCode::SUCCESS)
}

fn grade(args: &Args) -> anyhow::Result<Report> {
    let course = Course::find()?;
    let jobs = jobs(&args.submissions)?;
    stay_hidden(&course, args)?;
    if let Some(dir) = args.checks.as_ref().filter(|dir| !dir.is_dir()) {
        return Err(Error::new(format!("--checks: no directory {}", dir.display())).into());
    }
    let seeds = args.seeds.as_ref().map(|file| read_toml::<BTreeMap<String, u64>>(file));
    let exercises = choose(course.exercises()?, &args.exercise)?.into_iter().map(|exercise| {
        let check = Check::read(&exercise, args.checks.as_deref())?;
        Ok((exercise, check))
    });
    let marking = Marking {
        exercises: exercises.collect::<Result<_>>()?,
        tools: Tools::new(&course, false)?,
        // Every program that reads JSON can hold this many bits of a number.
        seed: args.seed.map_or_else(|| Ok(values::random_seed()? >> 10), Ok::<_, Error>)?,
        seeds: seeds.transpose()?,
        time_limit: args.time_limit,
    };
    // Before there are several who would build them.
    if marking.exercises.iter().any(|(exercise, _)| exercise.about.kind.is_program()) {
        marking.tools.libraries()?;
    }

    let mut sheets: BTreeMap<usize, Sheet> = BTreeMap::new();
    let workers = args.jobs.unwrap_or_else(workers::processors);
    let work = |(name, dir): &(String, PathBuf)| Ok(marking.mark(name, dir));
    workers::work(&jobs, workers, work, |number, sheet| {
        let broken =
            |error: Error| Sheet::broken(&jobs[number].0, marking.points(), &error.to_string());
        sheets.insert(number, sheet.unwrap_or_else(broken));
        if stderr().is_terminal() {
            output::tell(&format!("\r{} of {} graded", sheets.len(), jobs.len()));
        }
    })?;
    if stderr().is_terminal() {
        output::tell(&format!("\r{:30}\r", ""));
    }
    // The remains of a worker that was ended: what it had recorded, then empty records.
    clean::sweep_before_run();
    drop(State::abandoned());
    Ok(Report {
        course: env!("CARGO_PKG_VERSION").to_owned(),
        seed: Some(marking.seed),
        submissions: sheets.into_values().collect(),
    })
}

/// The submissions by name. One that is not there is a mistake of the teacher's.
fn jobs(dirs: &[PathBuf]) -> Result<Vec<(String, PathBuf)>> {
    let mut names = BTreeSet::new();
    let job = |dir: &PathBuf| {
        let path = fs::canonicalize(dir).step(|| format!("find {}", name_of(dir.as_os_str())))?;
        let name = name_of(path.file_name().unwrap_or_default());
        if !names.insert(name.clone()) {
            return Err(Error::new(format!("two submissions are called {name}"))
                .with_hint("a submission is called as its directory is"));
        }
        Ok((name, path))
    };
    dirs.iter().map(job).collect()
}

/// The sandbox shows the host's programs, and so everything that lies beside them.
fn stay_hidden(course: &Course, args: &Args) -> Result<()> {
    let secret = [course.dir()].into_iter().chain(args.checks.as_deref());
    for path in secret.chain(args.submissions.iter().map(PathBuf::as_path)) {
        let real = fs::canonicalize(path).step(|| format!("find {}", name_of(path.as_os_str())))?;
        if let Some(shown) = shown::shown().find(|shown: &&Path| real.starts_with(shown)) {
            let (path, shown) = (name_of(path.as_os_str()), shown.display());
            return Err(Error::new(format!(
                "{path}: every submission can read what is in {shown}"
            ))
            .with_hint("keep the course, the checks and the submissions elsewhere"));
        }
    }
    Ok(())
}
