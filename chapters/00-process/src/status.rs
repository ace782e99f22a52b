//! How a container ended.

use std::path::PathBuf;
use std::time::Duration;

use crate::signals;

use crate::Error;

/// How its first process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            Self::Signaled(signal) => 128 + signal as u8,
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

/// What is known of a container's life at its end. Each chapter fills in what it
/// can see; `None` is what it cannot.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How the first process ended.
    pub status: ExitStatus,
    /// From clone to the end.
    pub duration: Duration,
    /// The most memory it held, in bytes (chapter 6).
    pub peak_memory: Option<u64>,
    /// Processor time of all its processes (chapter 6).
    pub cpu_time: Option<Duration>,
    /// How long it was kept off the processor by its quota (chapter 6).
    pub throttled: Option<Duration>,
    /// The limit that killed it, such as `the memory limit of 64 MiB` (chapter 6).
    pub killed_by: Option<String>,
    /// How many of its processes the memory limit has killed (chapter 6).
    pub oom_kills: Option<u64>,
    /// Files added, changed and deleted in its root (chapter 7).
    pub changes: Option<Vec<Change>>,
    /// Where the writable layer was kept, if that was asked for (chapter 7).
    pub kept: Option<PathBuf>,
    /// What could not be found out or done after the end. The command's exit code stays.
    pub failures: Vec<Error>,
}

impl Outcome {
    /// What its memory limit did to processes of its, where the end does not tell.
    pub fn victims(&self) -> Option<String> {
        match self.oom_kills {
            Some(1) if self.killed_by.is_none() => Some("1 process in it".to_owned()),
            Some(count @ 2..) if self.killed_by.is_none() => {
                Some(format!("{count} processes in it"))
            }
            _ => None,
        }
    }
}

/// A file that was added, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `A`, `C` or `D`.
    pub kind: char,
    /// Its absolute path in the container: bytes of the container's choice.
    pub path: PathBuf,
}
