//! A check: one thing that was looked at, and how it came out.

use serde::Serialize;

use crate::chapters::CHAPTERS;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// Everything is there.
    Works,
    /// It is there in part, or with a consequence that `seen` tells.
    Limited,
    /// It is not there.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What it is, in a few words.
    #[serde(rename = "check")]
    pub name: &'static str,
    /// The heading above it.
    pub group: &'static str,
    /// How it came out.
    pub result: Finding,
    /// What was observed, in one sentence.
    pub seen: String,
    /// The chapters that use it, by number; all of them if it is none's in particular.
    pub chapters: Vec<usize>,
    /// The command that changes a result other than `works`.
    pub fix: Option<String>,
    /// Whether these chapters cannot do without it.
    #[serde(skip)]
    pub required: bool,
}

impl Check {
    fn new(name: &'static str, result: Finding, seen: impl Into<String>) -> Self {
        let (seen, chapters) = (seen.into(), from(0));
        Self { name, group: "", result, seen, chapters, fix: None, required: false }
    }

    /// Everything is there.
    pub fn works(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Finding::Works, seen)
    }

    /// It is there in part.
    pub fn limited(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Finding::Limited, seen)
    }

    /// It is not there.
    pub fn missing(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Finding::Missing, seen)
    }

    /// Names the chapters that use it.
    pub fn chapters(self, chapters: impl Into<Vec<usize>>) -> Self {
        Self { chapters: chapters.into(), ..self }
    }

    /// Tells what to type. What works needs no fix, so there it is dropped.
    pub fn fix(self, command: impl Into<String>) -> Self {
        let fix = (self.result != Finding::Works).then(|| command.into());
        Self { fix, ..self }
    }

    /// Where it is missing, its chapters cannot run.
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Whether it keeps a chapter from running.
    pub fn stops(&self, chapter: usize) -> bool {
        self.required && self.result == Finding::Missing && self.chapters.contains(&chapter)
    }
}

/// The chapters from a number on; that one alone if this lab does not reach so far.
pub fn from(first: usize) -> Vec<usize> {
    (first..CHAPTERS.len().max(first + 1)).collect()
}
