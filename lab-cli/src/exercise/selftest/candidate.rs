//! What somebody might hand in, and what its check must say.

use process::Result;

use crate::exercise::course::Exercise;
use crate::exercise::course::answer::{self, Answer};
use crate::exercise::course::check::Check;
use crate::exercise::course::verdict::{Outcome, Verdict};

/// An answer that somebody might hand in.
pub struct Candidate<'a> {
    /// What it answers.
    pub exercise: &'a Exercise,
    /// How that is checked.
    pub check: &'a Check,
    /// What must come of it.
    pub role: Role,
    /// Its files.
    pub answer: Answer,
}

/// What an answer is in the course.
#[derive(Clone, PartialEq, Eq)]
pub enum Role {
    /// What the learner gets: it fails.
    Starter,
    /// It passes.
    Solution,
    /// It fails, and has this name.
    Wrong(String),
}

impl Role {
    /// As people call it.
    pub fn name(&self) -> String {
        match self {
            Self::Starter => "the starter".to_owned(),
            Self::Solution => "the solution".to_owned(),
            Self::Wrong(name) => format!("the wrong answer {name}"),
        }
    }
}

/// All that an exercise has.
///
/// # Errors
/// If its files cannot be read.
pub fn candidates_of<'a>(
    exercise: &'a Exercise,
    check: &'a Check,
    seed: u64,
) -> Result<Vec<Candidate<'a>>> {
    let mut answers =
        vec![(Role::Starter, exercise.starter()?), (Role::Solution, exercise.solution()?)];
    answers.extend(exercise.wrong()?.into_iter().map(|(name, files)| (Role::Wrong(name), files)));
    let candidate = |(role, files)| {
        let answer = answer::fill(exercise, files, seed)?;
        Ok(Candidate { exercise, check, role, answer })
    };
    answers.into_iter().map(candidate).collect()
}

/// What is wrong with how a candidate went.
pub fn fault(candidate: &Candidate<'_>, verdict: &Verdict) -> Option<String> {
    let name = format!("{}/{}", candidate.exercise.chapter, candidate.exercise.name);
    let role = candidate.role.name();
    if verdict.result == Outcome::Skipped {
        return None;
    }
    let is_built = !verdict.cases.is_empty() || !candidate.exercise.about.kind.is_program();
    if candidate.role != Role::Solution && verdict.has_passed() {
        return Some(format!("{name}: {role} passes"));
    }
    if candidate.role == Role::Solution && !verdict.has_passed() {
        return Some(format!("{name}: {role} does not pass\n{}", verdict.to_text()));
    }
    // A wrong answer that is no program has proved nothing about the check.
    if !is_built {
        let messages = verdict.compiler.as_deref().unwrap_or_default();
        return Some(format!("{name}: {role} cannot be built\n{messages}"));
    }
    let warns = candidate.role == Role::Starter && verdict.compiler.is_some();
    warns.then(|| {
        format!(
            "{name}: {role} is built with warnings\n{}",
            verdict.compiler.clone().unwrap_or_default()
        )
    })
}
