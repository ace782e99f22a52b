//! What `lab run --json` writes: all that was seen, and how the command ended.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use cgroups::Used;
use lifecycle::Ending;
use overlay::Changes;
use process::{ExitStatus, Outcome};
use serde::Serialize;

use crate::output;
use crate::shell::spell;
use crate::view::View;

/// What is written.
#[derive(Serialize)]
pub struct Report<'a> {
    /// The package of its chapter.
    pub chapter: &'a str,
    /// The container's id.
    pub id: &'a str,
    /// Both sides, if they could be looked at.
    pub view: Option<View>,
    /// How it ended.
    pub outcome: OutcomeJson<'a>,
}

/// An [`Outcome`], with times in microseconds and sizes in bytes.
#[derive(Serialize)]
pub struct OutcomeJson<'a> {
    exit_code: u8,
    duration_usec: u128,
    peak_memory_bytes: Option<u64>,
    cpu_usec: Option<u128>,
    throttled_usec: Option<u128>,
    killed_by: Option<&'a str>,
    oom_kills: Option<u64>,
    /// `A /etc/motd`
    changes: Option<Vec<String>>,
}

impl<'a> OutcomeJson<'a> {
    /// What is known of every container.
    fn of(status: ExitStatus, duration: Duration, used: Option<&'a Used>) -> Self {
        let usec = |time: Duration| time.as_micros();
        Self {
            exit_code: status.code(),
            duration_usec: duration.as_micros(),
            peak_memory_bytes: used.and_then(|used| used.peak_memory),
            cpu_usec: used.and_then(|used| used.cpu_time).map(usec),
            throttled_usec: used.and_then(|used| used.throttled).map(usec),
            killed_by: used.and_then(|used| used.killed_by.as_deref()),
            oom_kills: used.and_then(|used| used.oom_kills),
            changes: None,
        }
    }
}

impl<'a> From<&'a Outcome> for OutcomeJson<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let changes = outcome.entry().map(|Changes(list)| {
            list.iter().map(|it| format!("{} {}", it.kind, spell(&it.path))).collect()
        });
        Self { changes, ..Self::of(outcome.status, outcome.duration, outcome.entry()) }
    }
}

impl<'a> From<&'a Ending> for OutcomeJson<'a> {
    /// Of a container whose own runtime has told us.
    fn from(Ending { status, duration, used }: &'a Ending) -> Self {
        Self::of(*status, *duration, used.as_ref())
    }
}

impl Report<'_> {
    /// Writes it; if that fails, the command's exit code stays.
    pub fn write_or_warn(&self, file: File) {
        let mut file = BufWriter::new(file);
        let written = serde_json::to_writer_pretty(&mut file, self).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| file.flush()) {
            output::warn(&format!("write the report: {error}"), None);
        }
    }
}
