//! Checking one answer: the same for a learner, for the course's own test and for a
//! teacher with a hundred submissions.
//!
//! Nothing is printed here and nothing remembered, so that several processes can do it
//! side by side: the [`Tools`] are made once, and each check has its own sandboxes.

use std::collections::BTreeMap;
use std::time::Instant;

use process::{Error, Result, Step};

use crate::exercise::course::answer::Answer;
use crate::exercise::course::check::{Case, Check};
use crate::exercise::course::verdict::{CaseVerdict, Verdict};
use crate::exercise::course::{Exercise, Kind, Need};
use crate::exercise::values::{Generator, Values};

mod build;
mod case;
mod lab;
mod libraries;
mod observe;
mod predict;
mod running;
pub mod tools;
pub mod unseen;
pub mod visitors;

use tools::Tools;

/// From which a check draws what nobody knows before.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The values of this check.
    pub check: u64,
    /// The parameters of this learner's predictions.
    pub learner: u64,
}

/// Checks an answer. The same seed draws the same values.
///
/// # Errors If the check cannot be done. A mistake in the answer is in the verdict.
pub fn check(
    tools: &Tools,
    exercise: &Exercise,
    check: &Check,
    answer: &Answer,
    seeds: Seeds,
) -> Result<Verdict> {
    if let Some(why) = missing(exercise) {
        return Ok(Verdict::skipped(&exercise.name, why));
    }
    let started = Instant::now();
    let mut generator = Generator::new(seeds.check, &exercise.name);
    let mut draw = || Values::draw(&check.values, &mut generator);
    let mut verdict = Verdict::new(&exercise.name);
    match (exercise.about.kind, &check.observe) {
        (Kind::Build | Kind::Repair, _) => {
            check_program(tools, exercise, check, answer, &draw()?, &mut verdict)?;
        }
        (Kind::Observe, Some(observe)) => {
            verdict.cases = observe::check(tools, exercise, observe, answer, draw)?;
        }
        (Kind::Observe, None) => {
            let name = &exercise.name;
            return Err(Error::new(format!("{name}/check.toml: there is no [observe]")));
        }
        (Kind::Predict, _) => {
            let mut generator = Generator::new(seeds.learner, &exercise.name);
            let values = Values::draw(&check.values, &mut generator)?;
            verdict.cases = predict::check(tools, exercise, check, answer, &values)?;
        }
    }
    verdict.conclude();
    verdict.milliseconds = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    Ok(verdict)
}

fn check_program(
    tools: &Tools,
    exercise: &Exercise,
    check: &Check,
    answer: &Answer,
    values: &Values,
    verdict: &mut Verdict,
) -> Result<()> {
    let build = |sources| build::build(tools, exercise, &sources);
    let sources = sources(exercise, answer)?;
    let built = build(sources.clone())?;
    verdict.compiler = Some(built.messages).filter(|messages| !messages.is_empty());
    let Some(program) = built.program else { return Ok(()) };
    let mut others = BTreeMap::new();
    for case in &check.case {
        if !case.given.is_empty() && !others.contains_key(&case.given) {
            let built = build(with_other_files(sources.clone(), exercise, case)?)?;
            let Some(program) = built.program else {
                // It was built with what the learner was given.
                let name = &exercise.name;
                let why = format!("{name}, {}: {}", case.about, built.messages.trim());
                return Err(Error::new(why));
            };
            others.insert(&case.given, program);
        }
        let program = others.get(&case.given).unwrap_or(&program);
        let done: CaseVerdict = case::run(tools, exercise, check, case, values, program)?;
        let has_failed = !done.failures.is_empty();
        verdict.cases.push(done);
        if has_failed {
            break;
        }
    }
    Ok(())
}

/// The starter with the learner's files in it: those that are theirs to edit, no others.
fn sources(exercise: &Exercise, answer: &Answer) -> Result<Answer> {
    let mut sources = exercise.starter()?;
    for name in &exercise.about.edit {
        if let Some(bytes) = answer.get(name) {
            sources.insert(name.clone(), bytes.clone());
        }
    }
    Ok(sources)
}

/// The sources with the files that a case has others of.
fn with_other_files(mut sources: Answer, exercise: &Exercise, case: &Case) -> Result<Answer> {
    for (name, other) in &case.given {
        let own = exercise.dir.join(other);
        // Files that several exercises of a chapter share stand beside them.
        let path = if own.exists() { own } else { exercise.dir.with_file_name(other) };
        let bytes = std::fs::read(&path).step(|| format!("read {}", path.display()))?;
        sources.insert(name.clone(), bytes);
    }
    Ok(sources)
}

/// What this host or user lacks for an exercise.
fn missing(exercise: &Exercise) -> Option<String> {
    let is_root = process::is_privileged();
    exercise.about.needs.iter().find_map(|need| match need {
        Need::Root if !is_root => Some("needs root".to_owned()),
        Need::Cgroups if !is_root => {
            Some("needs root: an ordinary user may not make cgroups here".to_owned())
        }
        _ => None,
    })
}
