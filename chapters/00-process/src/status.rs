//! How a container ended.

use std::any::Any;
use std::fmt::Debug;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, signals};

/// How its first process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExitStatus {
    /// It returned this code.
    Exited(u8),
    /// It was killed by the signal with this number.
    Signaled(i32),
}

impl ExitStatus {
    /// The code the runtime exits with: the command's own, or 128 + the signal.
    pub fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            Self::Signaled(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }
}

impl std::fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Signaled(signal) => {
                write!(f, "killed by {} ({})", signals::name(*signal), self.code())
            }
        }
    }
}

/// What is known of a container's life at its end.
#[derive(Debug)]
pub struct Outcome {
    /// How the first process ended.
    pub status: ExitStatus,
    /// From clone to the end.
    pub duration: Duration,
    /// What could not be found out or done after the end. The command's exit code stays.
    pub failures: Vec<Error>,
    entries: Vec<Box<dyn Entry>>,
}

/// What a part of the container adds to it, each of its own type.
pub trait Entry: Any + Debug {
    /// What must not be missed, a line each: `killed: the memory limit of 64 MiB was reached`.
    fn news(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Outcome {
    /// The end of a process, of which nothing else is known yet.
    pub(crate) fn new(status: ExitStatus, duration: Duration) -> Self {
        Self { status, duration, failures: Vec::new(), entries: Vec::new() }
    }

    /// Adds what a part knows.
    pub fn add(&mut self, entry: impl Entry) {
        self.entries.push(Box::new(entry));
    }

    /// What a part has added, by its type.
    pub fn entry<T: Entry>(&self) -> Option<&T> {
        self.entries.iter().find_map(|entry| (&**entry as &dyn Any).downcast_ref())
    }

    /// What must not be missed, a line each.
    pub fn news(&self) -> Vec<String> {
        self.entries.iter().flat_map(|entry| entry.news()).collect()
    }
}
