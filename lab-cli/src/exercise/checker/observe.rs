//! Observations: a learner's script, tried on containers that it has never seen.
//!
//! ```text
//!   sandbox ── sh ── lab run chapter-04 … (in the background)
//!               └─── answer.sh PID             what it prints is compared with the fact
//! ```
//!
//! It is tried on two, with other values each time, and each has another container beside it:
//! what is right for one only, or finds any, is no way to find out. The script sees nothing of
//! the runtime: [`super::unseen`].

use process::Result;

use super::lab;
use super::tools::Tools;
use super::unseen::SCRIPT;
use crate::exercise::course::Exercise;
use crate::exercise::course::answer::Answer;
use crate::exercise::course::check::Observe;
use crate::exercise::course::verdict::{CaseVerdict, Failure};
use crate::exercise::values::Values;

/// How many containers the script is tried on.
const ROUNDS: usize = 2;

/// How often other values are drawn, if these are those of the other container. There may be
/// none that differ.
const DRAWS: usize = 32;

/// Tries the script.
///
/// # Errors
/// If a container cannot be made.
pub fn check(
    tools: &Tools,
    exercise: &Exercise,
    observe: &Observe,
    answer: &Answer,
    mut draw: impl FnMut() -> Result<Values>,
) -> Result<Vec<CaseVerdict>> {
    let script = answer.get(SCRIPT).cloned().unwrap_or_default();
    let mut cases = Vec::new();
    let mut beside = draw()?;
    for round in 1..=ROUNDS {
        let mut values = draw()?;
        for _ in 0..DRAWS {
            if values.are_like(&beside) {
                values = draw()?;
            }
        }
        let (seen, said, errors) =
            lab::observe(tools, exercise, observe, &values, &beside, &script)?;
        beside = values;
        let about = format!("{SCRIPT} finds the fact in container {round} of {ROUNDS}");
        let mut failures = Vec::new();
        if normal(&said) != normal(&seen.found.to_string()) {
            failures.push(Failure {
                looked_at: format!("what {SCRIPT} prints, and {}", seen.at),
                expected: seen.found.to_string(),
                found: said.trim().to_owned(),
                hint: observe.hint,
            });
        }
        let said = Some(errors).filter(|text| !failures.is_empty() && !text.trim().is_empty());
        let has_failed = !failures.is_empty();
        cases.push(CaseVerdict { about, failures, said });
        if has_failed {
            break;
        }
    }
    Ok(cases)
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
