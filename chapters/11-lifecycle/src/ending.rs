//! How one life of a container was: what its monitor tells those who have waited for it.

use std::time::Duration;

use cgroups::Used;
use process::{ExitStatus, Outcome};
use serde::{Deserialize, Serialize};

/// The end of a container, and what it has used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How its first process ended.
    pub status: ExitStatus,
    /// From clone to the end.
    pub duration: Duration,
    /// Its share of the host, if that was counted.
    pub used: Option<Used>,
}

impl From<&Outcome> for Ending {
    fn from(outcome: &Outcome) -> Self {
        let used = outcome.entry().cloned();
        Self { status: outcome.status, duration: outcome.duration, used }
    }
}

impl Ending {
    /// That of which no more is known than a code.
    pub(crate) fn of_code(code: u8) -> Self {
        Self { status: ExitStatus::Exited(code), duration: Duration::ZERO, used: None }
    }
}
