//! `lab exercise selftest`: the course checks itself.
//!
//! A check that lets anything pass teaches nothing, and one that lets nothing pass is
//! worse. So every starter has to be built and to fail, every solution to pass, and the
//! wrong answers, which somebody might well hand in, to fail as well.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use colored::Colorize;
use process::{Error, Result};

use super::bench::{Answer, Bench, Seeds};
use super::checks::Check;
use super::course::{Course, Exercise, Kind};
use super::verdict::{Outcome, Verdict};
use super::{copy, crew, values};
use crate::output::{self, println};

/// How many wrong answers there are to each kind, at least, over the whole course.
const LEAST_WRONG: usize = 10;

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

/// An answer that somebody might hand in.
struct Trial<'a> {
    exercise: &'a Exercise,
    check: &'a Check,
    role: Role,
    answer: Answer,
}

#[derive(Clone, PartialEq, Eq)]
enum Role {
    Starter,
    Solution,
    Wrong(String),
}

/// Tries them all.
///
/// # Errors
/// If a check cannot be done.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let course = Course::find()?;
    let is_whole = args.names.is_empty() && args.chapter.is_none();
    let exercises = choose(&course, args)?;
    let mut faults: Vec<String> = exercises.iter().flat_map(faults_of_files).collect();
    let mut checks = BTreeMap::new();
    for exercise in &exercises {
        match Check::read(exercise, None) {
            Ok(check) => drop(checks.insert(exercise.name.as_str(), check)),
            Err(error) => faults.push(error.to_string()),
        }
    }
    let seed = values::random_seed()?;
    let mut trials = Vec::new();
    for exercise in &exercises {
        if let Some(check) = checks.get(exercise.name.as_str()) {
            trials.extend(trials_of(exercise, check, seed)?);
        }
    }

    let bench = Bench::new(&course, false)?;
    // Before there are several who would build it.
    bench.kit()?;
    let jobs = args.jobs.unwrap_or_else(crew::processors);
    let mut counts = Counts { exercises: exercises.len(), ..Counts::default() };
    let work = |trial: &Trial<'_>| -> Result<Verdict> {
        let seeds = Seeds { check: seed, learner: seed };
        bench.check(trial.exercise, trial.check, &trial.answer, seeds).map_err(|error| {
            Error::new(format!("{}, {}: {error}", trial.exercise.name, trial.role.name()))
        })
    };
    let mut failed = None;
    crew::work(&trials, jobs, work, |number, verdict| {
        let trial = &trials[number];
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(error) => {
                failed.get_or_insert(error);
                return;
            }
        };
        if args.verbose {
            println!("{} {}", "──".dimmed(), trial.role.name().bold());
            println!("{}", verdict.to_text());
        }
        counts.add(trial, &verdict);
        faults.extend(fault(trial, &verdict));
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

fn trials_of<'a>(exercise: &'a Exercise, check: &'a Check, seed: u64) -> Result<Vec<Trial<'a>>> {
    let mut answers =
        vec![(Role::Starter, exercise.starter()?), (Role::Solution, exercise.solution()?)];
    answers.extend(exercise.wrong()?.into_iter().map(|(name, files)| (Role::Wrong(name), files)));
    let trial = |(role, files)| {
        let answer = copy::fill(exercise, files, seed)?;
        Ok(Trial { exercise, check, role, answer })
    };
    answers.into_iter().map(trial).collect()
}

/// What is wrong with an exercise's files, without running anything.
fn faults_of_files(exercise: &Exercise) -> Vec<String> {
    let mut faults = Vec::new();
    let name = format!("{}/{}", exercise.chapter, exercise.name);
    for file in ["README.md", "explanation.md"] {
        if exercise.text(file).is_ok_and(|text| text.trim().len() > 100) {
            continue;
        }
        faults.push(format!("{name}: {file} is missing, or says next to nothing"));
    }
    let hints = exercise.hints().unwrap_or_default();
    if !(2..=4).contains(&hints.len()) || hints.iter().any(|hint| hint.lines().count() < 2) {
        faults.push(format!("{name}: hints.md must have 2 to 4 sections, none of them empty"));
    }
    let starter = exercise.starter().unwrap_or_default();
    let solution = exercise.solution().unwrap_or_default();
    if exercise.about.kind.is_program() && !starter.contains_key("main.rs") {
        faults.push(format!("{name}: starter/main.rs is missing"));
    }
    for file in &exercise.about.edit {
        if !starter.contains_key(file) {
            faults.push(format!("{name}: starter/{file} is missing, which is to be edited"));
        }
    }
    let wrong = exercise.wrong().unwrap_or_default();
    let answers = wrong.iter().map(|(_, files)| files).chain([&solution]);
    for file in answers.flat_map(|files| files.keys()).collect::<BTreeSet<_>>() {
        if !exercise.about.edit.contains(file) {
            faults.push(format!("{name}: an answer has {file}, which is not to be edited"));
        }
    }
    if wrong.len() < 2 {
        faults.push(format!("{name}: there are fewer than two wrong answers"));
    }
    faults.extend(faults_of_snapshots(exercise, &name));
    faults
}

/// A snapshot that no case uses is not looked at by anybody.
fn faults_of_snapshots(exercise: &Exercise, name: &str) -> Vec<String> {
    let used: BTreeSet<String> = Check::read(exercise, None)
        .map(|check| check.case.into_iter().filter_map(|case| case.snapshot).collect())
        .unwrap_or_default();
    let entries = std::fs::read_dir(exercise.dir.join("snapshots")).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_unused =
        |file: &String| !file.strip_suffix(".snap").is_some_and(|snapshot| used.contains(snapshot));
    files.filter(is_unused).map(|file| format!("{name}: snapshots/{file} is not used")).collect()
}

/// What is wrong with how a trial went.
fn fault(trial: &Trial<'_>, verdict: &Verdict) -> Option<String> {
    let name = format!("{}/{}", trial.exercise.chapter, trial.exercise.name);
    let role = trial.role.name();
    if verdict.result == Outcome::Skipped {
        return None;
    }
    let is_built = !verdict.cases.is_empty() || !trial.exercise.about.kind.is_program();
    if trial.role != Role::Solution && verdict.has_passed() {
        return Some(format!("{name}: {role} passes"));
    }
    if trial.role == Role::Solution && !verdict.has_passed() {
        return Some(format!("{name}: {role} does not pass\n{}", verdict.to_text()));
    }
    // A wrong answer that is no program has proved nothing about the check.
    if !is_built {
        let messages = verdict.compiler.as_deref().unwrap_or_default();
        return Some(format!("{name}: {role} cannot be built\n{messages}"));
    }
    let warns = trial.role == Role::Starter && verdict.compiler.is_some();
    warns.then(|| {
        format!(
            "{name}: {role} is built with warnings\n{}",
            verdict.compiler.clone().unwrap_or_default()
        )
    })
}

impl Role {
    fn name(&self) -> String {
        match self {
            Self::Starter => "the starter".to_owned(),
            Self::Solution => "the solution".to_owned(),
            Self::Wrong(name) => format!("the wrong answer {name}"),
        }
    }
}

/// What there was, and how much of it was as it should be.
#[derive(Default)]
struct Counts {
    exercises: usize,
    starters: [usize; 2],
    solutions: [usize; 2],
    wrong: BTreeMap<Kind, [usize; 2]>,
    skipped: usize,
}

impl Counts {
    fn add(&mut self, trial: &Trial<'_>, verdict: &Verdict) {
        if verdict.result == Outcome::Skipped {
            self.skipped += 1;
            return;
        }
        let (count, is_right) = match trial.role {
            Role::Starter => (&mut self.starters, !verdict.has_passed()),
            Role::Solution => (&mut self.solutions, verdict.has_passed()),
            Role::Wrong(_) => {
                (self.wrong.entry(trial.exercise.about.kind).or_default(), !verdict.has_passed())
            }
        };
        count[0] += usize::from(is_right);
        count[1] += 1;
    }

    /// How many wrong answers of a kind were rejected, and how many were tried.
    fn wrong_of(&self, kind: Kind) -> [usize; 2] {
        self.wrong.get(&kind).copied().unwrap_or_default()
    }

    fn too_few(&self) -> Vec<String> {
        let few = Kind::ALL.iter().filter(|kind| self.wrong_of(**kind)[1] < LEAST_WRONG);
        few.map(|kind| {
            let (name, [_, count]) = (kind.name(), self.wrong_of(*kind));
            format!(
                "{count} wrong answers to exercises of the kind {name}, of {LEAST_WRONG} at least"
            )
        })
        .collect()
    }

    fn to_text(&self) -> String {
        let [starters, all_starters] = self.starters;
        let [solutions, all_solutions] = self.solutions;
        let sum = |which: usize| self.wrong.values().map(|counts| counts[which]).sum::<usize>();
        let (wrong, all_wrong) = (sum(0), sum(1));
        let kinds: Vec<String> = self
            .wrong
            .iter()
            .map(|(kind, [count, _])| format!("{} {count}", kind.name()))
            .collect();
        let kinds = match kinds.is_empty() {
            true => String::new(),
            false => format!(": {}", kinds.join(", ")),
        };
        let skipped = match self.skipped {
            0 => String::new(),
            count => format!("\n{count} answers skipped: this host or user lacks what they need"),
        };
        format!(
            "{} exercises\n{starters} of {all_starters} starters fail\n\
             {solutions} of {all_solutions} solutions pass\n\
             {wrong} of {all_wrong} wrong answers are rejected{kinds}{skipped}",
            self.exercises
        )
    }
}
