//! What came of a check: for people, and as data for whoever collects it.

use std::fmt::Write;

use colored::Colorize;
use serde::{Deserialize, Serialize};

/// What came of checking one exercise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The exercise's name.
    pub exercise: String,
    /// How it went.
    pub result: Outcome,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// What the compiler said.
    pub compiler: Option<String>,
    /// The cases that were run, up to the first that failed.
    pub cases: Vec<CaseVerdict>,
    /// How long it all took.
    pub milliseconds: u64,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every fact holds.
    Passed,
    /// One does not.
    Failed,
    /// It cannot be checked here.
    Skipped,
}

/// One case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseVerdict {
    /// What it shows.
    pub about: String,
    /// What does not hold; nothing if it passed.
    pub failures: Vec<Failure>,
    /// The last lines that the program printed as errors, if it failed.
    pub said: Option<String>,
}

/// One fact that does not hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Where it was looked.
    pub looked_at: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// The hint that helps.
    pub hint: Option<usize>,
}

impl Verdict {
    /// An exercise of which nothing is known yet.
    pub fn new(exercise: &str) -> Self {
        Self {
            exercise: exercise.to_owned(),
            result: Outcome::Failed,
            reason: None,
            compiler: None,
            cases: Vec::new(),
            milliseconds: 0,
        }
    }

    /// An exercise that cannot be checked here.
    pub fn skipped(exercise: &str, reason: impl Into<String>) -> Self {
        Self { result: Outcome::Skipped, reason: Some(reason.into()), ..Self::new(exercise) }
    }

    /// Draws the conclusion: it has passed if there were cases, and each of them did.
    pub fn conclude(&mut self) {
        let is_passed = |case: &CaseVerdict| case.failures.is_empty();
        if !self.cases.is_empty() && self.cases.iter().all(is_passed) {
            self.result = Outcome::Passed;
        }
    }

    /// Whether every fact holds.
    pub fn has_passed(&self) -> bool {
        self.result == Outcome::Passed
    }

    /// As people read it.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if let Some(messages) = &self.compiler {
            text.push_str(messages);
        }
        for case in &self.cases {
            let mark = if case.failures.is_empty() { "✓".green() } else { "✗".red() };
            let _ = writeln!(text, "  {mark} {}", case.about);
            for failure in &case.failures {
                failure.write(&mut text);
            }
            if let Some(said) = &case.said {
                row(&mut text, "it said", said);
            }
        }
        let seconds = self.milliseconds as f64 / 1000.0;
        let name = self.exercise.bold();
        let _ = match self.result {
            Outcome::Passed => writeln!(text, "{name}: {} in {seconds:.1} s", "passed".green()),
            Outcome::Failed => writeln!(text, "{name}: {} after {seconds:.1} s", "not yet".red()),
            Outcome::Skipped => {
                let why = self.reason.as_deref().unwrap_or_default();
                writeln!(text, "{name}: {}: {why}", "skipped".yellow())
            }
        };
        text
    }
}

impl Failure {
    fn write(&self, text: &mut String) {
        row(text, "looked at", &self.looked_at);
        row(text, "expected", &self.expected);
        row(text, "found", &self.found);
        if let Some(number) = self.hint {
            row(text, "see", &format!("hint {number}: lab exercise hint"));
        }
    }
}

/// A title and a text, whose later lines stand below its first.
fn row(text: &mut String, title: &str, value: &str) {
    let mut lines = value.trim_end().lines();
    let _ = writeln!(text, "      {title:<10}  {}", printable(lines.next().unwrap_or("nothing")));
    for line in lines {
        let _ = writeln!(text, "      {:<10}  {}", "", printable(line));
    }
}

/// What a learner's program says must not command the terminal, nor fill the screen.
fn printable(line: &str) -> String {
    const LONGEST: usize = 240;
    let mut text: String =
        line.chars().map(|c| if c.is_control() { '·' } else { c }).take(LONGEST).collect();
    if line.chars().count() > LONGEST {
        text.push('…');
    }
    text
}
