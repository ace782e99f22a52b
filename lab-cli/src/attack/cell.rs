//! What came of one attack on one chapter.

use serde::{Deserialize, Serialize};

/// How one attack on one chapter went, and why, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It got nowhere.
    Blocked(String),
    /// It did harm.
    Works(String),
    /// It could not be tried.
    NotApplicable(String),
}

impl Finding {
    /// As `--json` has it.
    pub fn result(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::Works(_) => "works",
            Self::NotApplicable(_) => "n/a",
        }
    }

    /// The few words.
    pub fn why(&self) -> &str {
        match self {
            Self::Blocked(why) | Self::Works(why) | Self::NotApplicable(why) => why,
        }
    }
}

/// One cell of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// The attack's name.
    pub attack: String,
    /// What the attack does.
    pub title: String,
    /// The chapter, such as `chapter-07`.
    pub chapter: String,
    /// `blocked`, `works` or `n/a`.
    pub result: String,
    /// What was seen.
    pub why: String,
    /// Where to read on.
    pub reference: String,
}
