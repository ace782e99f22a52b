//! Marking one submission, exercise by exercise.
//!
//! It happens in a worker, a process of its own. Two clocks run: one that each sandbox is
//! ended by, and that is asked before each exercise, and `alarm(2)`, which ends the worker if
//! the checker itself is held up by what it looks at.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::unistd::alarm;
use process::{Error, Result};

use super::report::{Mark, Outcome, Sheet, sum};
use super::submission::Submission;
use crate::exercise::checker::tools::Tools;
use crate::exercise::checker::{self, Seeds};
use crate::exercise::course::check::Check;
use crate::exercise::course::verdict::{self, Verdict};
use crate::exercise::course::{Exercise, Kind};

/// How much longer than its time a submission may take: to make a sandbox and to end it, on a
/// busy machine.
const GRACE: u32 = 60;

/// What is the same for all submissions.
pub struct Marking {
    /// Where exercises are checked.
    pub tools: Tools,
    /// What is graded, and how.
    pub exercises: Vec<(Exercise, Check)>,
    /// From which the values of all checks are drawn.
    pub seed: u64,
    /// The seeds that the teacher has given out, by the names of the submissions.
    pub seeds: Option<BTreeMap<String, u64>>,
    /// The time of one submission, in seconds.
    pub time_limit: u32,
}

impl Marking {
    /// What can be earned.
    pub fn points(&self) -> u32 {
        sum(self.exercises.iter().map(|(exercise, _)| exercise.about.points))
    }

    /// Marks a submission. The sheet tells all that is wrong with it.
    pub fn mark(&self, name: &str, dir: &Path) -> Sheet {
        let started = Instant::now();
        let submission = match Submission::open(dir) {
            Ok(submission) => submission,
            Err(error) => return Sheet::broken(name, self.points(), &error.to_string()),
        };
        alarm::set(self.time_limit + GRACE);
        let deadline = started + Duration::from_secs(self.time_limit.into());
        self.tools.until.set(Some(deadline));
        let mark = |(exercise, check): &(Exercise, Check)| {
            let started = Instant::now();
            let over = || {
                let why = format!("the {} s of this submission were over", self.time_limit);
                Mark::new(exercise, Outcome::Failed, Some(&why))
            };
            let mut mark = if started < deadline {
                self.mark_exercise(name, &submission, exercise, check)
            } else {
                over()
            };
            let is_cut = matches!(mark.result, Outcome::Failed | Outcome::Error);
            if is_cut && Instant::now() >= deadline {
                mark = over();
            }
            if mark.result != Outcome::NotBegun {
                mark.milliseconds =
                    Some(started.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
            }
            mark
        };
        let mut sheet = Sheet::new(name, self.exercises.iter().map(mark).collect());
        alarm::cancel();
        sheet.milliseconds = Some(started.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
        sheet
    }

    fn mark_exercise(
        &self,
        name: &str,
        submission: &Submission,
        exercise: &Exercise,
        check: &Check,
    ) -> Mark {
        let failed = |why: &str| Mark::new(exercise, Outcome::Failed, Some(why));
        let answer = match submission.answer(exercise) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Mark::new(exercise, Outcome::NotBegun, None),
            Err(error) => return failed(&error.to_string()),
        };
        match self.doubt(name, submission, exercise) {
            Ok(None) => {}
            Ok(Some(why)) => return failed(why),
            Err(error) => return Mark::new(exercise, Outcome::Error, Some(&error.to_string())),
        }
        let seeds = Seeds { check: self.seed, learner: submission.seed() };
        let attempt = || checker::check(&self.tools, exercise, check, &answer, seeds);
        // A host that was short of something may have it a moment later.
        match attempt().or_else(|_| attempt()) {
            Ok(verdict) => of_verdict(exercise, &verdict),
            Err(error) => Mark::new(exercise, Outcome::Error, Some(&error.to_string())),
        }
    }

    /// Why a prediction does not count, right or wrong.
    fn doubt(
        &self,
        name: &str,
        submission: &Submission,
        exercise: &Exercise,
    ) -> Result<Option<&'static str>> {
        if exercise.about.kind != Kind::Predict {
            return Ok(None);
        }
        if !submission.fits_its_seed(exercise)? {
            return Ok(Some("its questions were not handed out with the seed in .lab/course.toml"));
        }
        let given = self.seeds.as_ref().map(|seeds| seeds.get(name));
        Ok(match given {
            Some(None) => Some("the list of seeds does not have this submission"),
            Some(Some(seed)) if *seed != submission.seed() => {
                Some("the seed in .lab/course.toml is not the one that was given out")
            }
            _ => None,
        })
    }
}

fn of_verdict(exercise: &Exercise, verdict: &Verdict) -> Mark {
    match verdict.result {
        verdict::Outcome::Passed => {
            let points = exercise.about.points;
            Mark { points, ..Mark::new(exercise, Outcome::Passed, None) }
        }
        verdict::Outcome::Failed => Mark::new(exercise, Outcome::Failed, Some(&why(verdict))),
        verdict::Outcome::Skipped => {
            Mark::new(exercise, Outcome::Skipped, verdict.reason.as_deref())
        }
    }
}

/// The first thing that does not hold.
fn why(verdict: &Verdict) -> String {
    let failure =
        verdict.cases.iter().find_map(|case| Some((case.about.as_str(), case.failures.first()?)));
    match (failure, &verdict.compiler) {
        (Some((about, failure)), _) => {
            let found = without_numbers(&failure.found);
            format!("{about}: expected {}, found {found}", failure.expected)
        }
        (None, Some(messages)) => {
            let is_error = |line: &&str| line.starts_with("error");
            let first = messages.lines().find(is_error).or(messages.lines().next());
            first.unwrap_or_default().to_owned()
        }
        (None, None) => "nothing was checked".to_owned(),
    }
}

/// The kernel's numbers for processes and namespaces differ each time; a report must not.
fn without_numbers(text: &str) -> String {
    ["/proc/", ":["].into_iter().fold(text.to_owned(), |text, start| {
        let mut parts = text.split(start);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |result, part| {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            let number = if rest.len() < part.len() { "N" } else { "" };
            format!("{result}{start}{number}{rest}")
        })
    })
}

/// Says which exercise of a list does not exist.
///
/// # Errors
/// If one does not.
pub fn choose(mut exercises: Vec<Exercise>, names: &[String]) -> Result<Vec<Exercise>> {
    for name in names {
        if !exercises.iter().any(|exercise| exercise.name == *name) {
            return Err(Error::new(format!("there is no exercise {name}")));
        }
    }
    exercises.retain(|exercise| names.is_empty() || names.contains(&exercise.name));
    Ok(exercises)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_the_same_each_time() {
        assert_eq!(without_numbers("/proc/4711/fd: pipe:[99] 12"), "/proc/N/fd: pipe:[N] 12");
        assert_eq!(without_numbers("pid:[1] /proc/self"), "pid:[N] /proc/self");
    }
}
