//! How much of the course was as it should be.

use std::collections::BTreeMap;

use super::candidate::{Candidate, Role};
use crate::exercise::course::Kind;
use crate::exercise::course::verdict::{Outcome, Verdict};

/// How many wrong answers there are to each kind, at least, over the whole course.
const LEAST_WRONG: usize = 10;

/// What there was, and how much of it was as it should be.
#[derive(Default)]
pub struct Counts {
    exercises: usize,
    starters: [usize; 2],
    solutions: [usize; 2],
    wrong: BTreeMap<Kind, [usize; 2]>,
    skipped: usize,
}

impl Counts {
    /// Nothing yet, of so many exercises.
    pub fn of(exercises: usize) -> Self {
        Self { exercises, ..Self::default() }
    }

    /// Counts one more.
    pub fn add(&mut self, candidate: &Candidate<'_>, verdict: &Verdict) {
        if verdict.result == Outcome::Skipped {
            self.skipped += 1;
            return;
        }
        let (count, is_right) = match candidate.role {
            Role::Starter => (&mut self.starters, !verdict.has_passed()),
            Role::Solution => (&mut self.solutions, verdict.has_passed()),
            Role::Wrong(_) => (
                self.wrong.entry(candidate.exercise.about.kind).or_default(),
                !verdict.has_passed(),
            ),
        };
        count[0] += usize::from(is_right);
        count[1] += 1;
    }

    /// How many wrong answers of a kind were rejected, and how many were tried.
    fn wrong_of(&self, kind: Kind) -> [usize; 2] {
        self.wrong.get(&kind).copied().unwrap_or_default()
    }

    /// The kinds of which there are too few wrong answers.
    pub fn too_few(&self) -> Vec<String> {
        let few = Kind::ALL.iter().filter(|kind| self.wrong_of(**kind)[1] < LEAST_WRONG);
        few.map(|kind| {
            let (name, [_, count]) = (kind.name(), self.wrong_of(*kind));
            format!(
                "{count} wrong answers to exercises of the kind {name}, of {LEAST_WRONG} at least"
            )
        })
        .collect()
    }

    /// As people read it.
    pub fn to_text(&self) -> String {
        let [starters, all_starters] = self.starters;
        let [solutions, all_solutions] = self.solutions;
        let sum = |which: usize| self.wrong.values().map(|counts| counts[which]).sum::<usize>();
        let (wrong, all_wrong) = (sum(0), sum(1));
        let kinds: Vec<String> = self
            .wrong
            .iter()
            .map(|(kind, [count, _])| format!("{} {count}", kind.name()))
            .collect();
        let kinds =
            if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
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
