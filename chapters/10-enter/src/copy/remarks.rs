//! What there is to say about a copy, beside that it was made.

use serde::{Deserialize, Serialize};

/// As many of a kind are told one by one.
const TOLD: usize = 20;

/// What one side has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// The bytes of all files, without what the archive adds.
    pub contents: u64,
    /// What is not as one might think, though nothing went wrong.
    pub notes: Vec<String>,
    /// What could not be copied.
    pub failures: Vec<String>,
    /// How many more of both there are.
    pub more: usize,
}

impl Remarks {
    /// Adds a note.
    pub fn note(&mut self, text: String) {
        Self::add(&mut self.notes, &mut self.more, text);
    }

    /// Adds what could not be copied.
    pub fn fail(&mut self, text: String) {
        Self::add(&mut self.failures, &mut self.more, text);
    }

    /// What both sides have seen, each of the same files.
    pub fn and(mut self, other: Self) -> Self {
        self.contents = self.contents.max(other.contents);
        self.more += other.more;
        other.notes.into_iter().for_each(|text| self.note(text));
        other.failures.into_iter().for_each(|text| self.fail(text));
        self
    }

    fn add(list: &mut Vec<String>, more: &mut usize, text: String) {
        if list.len() < TOLD {
            list.push(text);
        } else {
            *more += 1;
        }
    }
}
