//! Predictions: what the learner said, compared with what the kernel says.
//!
//! The command is really run, by this `lab` itself in a sandbox, and the truth is looked
//! up while it runs. Its parameters come from the learner's seed, so a neighbour's answers
//! are answers to other questions.

use std::collections::BTreeMap;

use process::{Error, Result};
use serde::Deserialize;

use super::lab;
use super::tools::Tools;
use crate::exercise::course::Exercise;
use crate::exercise::course::answer::Answer;
use crate::exercise::course::check::{Check, Question};
use crate::exercise::course::files::{read_toml, what_is_wrong};
use crate::exercise::course::verdict::{CaseVerdict, Failure};
use crate::exercise::facts::scene::Found;
use crate::exercise::values::Values;

/// The learner's file.
const FILE: &str = "prediction.toml";

/// `prediction.toml`.
#[derive(Debug, Default, Deserialize)]
struct Prediction {
    #[serde(default)]
    question: Vec<Said>,
}

/// One question, and what was said.
#[derive(Debug, Deserialize)]
struct Said {
    name: String,
    /// `host`, `container`, `answer`; the command and what is asked about it.
    #[serde(flatten)]
    fields: BTreeMap<String, toml::Value>,
}

/// Compares all answers; every question is looked at, also when one is wrong.
///
/// # Errors
/// If a command cannot be run.
pub fn check(
    tools: &Tools,
    exercise: &Exercise,
    check: &Check,
    answer: &Answer,
    values: &Values,
) -> Result<Vec<CaseVerdict>> {
    let text = answer.get(FILE).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let said: Prediction = match toml::from_str(&text) {
        Ok(said) => said,
        Err(error) => {
            let found = what_is_wrong(text.as_bytes(), &error);
            return Ok(vec![verdict(FILE, vec![failure(FILE, "a file in TOML", &found, None)])]);
        }
    };
    let asked: Prediction = read_toml(&exercise.dir.join("starter").join(FILE))?;
    check
        .question
        .iter()
        .map(|question| {
            let asked = asked.question.iter().find(|asked| asked.name == question.name);
            let command = asked.and_then(|asked| asked.fields.get("command")?.as_str());
            let command = values.fill(command.unwrap_or(&question.name));
            compare(tools, exercise, question, &command, &said, values)
        })
        .collect()
}

fn compare(
    tools: &Tools,
    exercise: &Exercise,
    question: &Question,
    command: &str,
    said: &Prediction,
    values: &Values,
) -> Result<CaseVerdict> {
    let said = said.question.iter().find(|said| said.name == question.name);
    let answer = |field: &str| {
        let value = said.and_then(|said| said.fields.get(field));
        let text = value.map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        normal(&text.unwrap_or_default())
    };
    let blank: Vec<&String> =
        question.truth.keys().filter(|field| answer(field).is_empty()).collect();
    if !blank.is_empty() {
        // Before the truth is told.
        let failures = blank.into_iter().map(|field| {
            let at = format!("{FILE}, {}", question.name);
            failure(&at, &format!("{field}: what you think"), "nothing is filled in", question.hint)
        });
        return Ok(verdict(command, failures.collect()));
    }
    let looks = question.truth.values().map(|truth| (truth.of, truth.look.as_str()));
    let seen = lab::look_at(tools, exercise, question, values, looks)?;
    let mut failures = Vec::new();
    for (field, seen) in question.truth.keys().zip(seen) {
        if let Found::Nothing(why) = &seen.found {
            return Err(Error::new(format!("{command}: {}: {why}", seen.at)));
        }
        let (truth, answer) = (normal(&seen.found.to_string()), answer(field));
        if truth != answer {
            let expected = format!("{field}: {answer}, as you predicted");
            failures.push(failure(&seen.at, &expected, &truth, question.hint));
        }
    }
    Ok(verdict(command, failures))
}

/// Spaces and letter case are not what is asked for.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn verdict(about: &str, failures: Vec<Failure>) -> CaseVerdict {
    CaseVerdict { about: about.to_owned(), failures, said: None }
}

fn failure(at: &str, expected: &str, found: &str, hint: Option<usize>) -> Failure {
    Failure {
        looked_at: at.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
        hint,
    }
}
