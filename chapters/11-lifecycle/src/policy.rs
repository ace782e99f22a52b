//! What becomes of a container when its command has ended, or shall end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use process::{AnywayOptions, Error, Result, signals};
use serde::{Deserialize, Serialize};

use crate::{LogOptions, Restart};

/// How long a command may take to end, in seconds; Docker's value.
pub(crate) const STOP_TIMEOUT: u32 = 10;

/// The command-line options of chapter 11.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 11: life cycle")]
pub struct LifeOptions {
    /// Let it run in the background, and print its id
    #[arg(short, long)]
    pub detach: bool,

    /// Write its id into a new file
    #[arg(long, value_name = "FILE")]
    pub cidfile: Option<PathBuf>,

    /// Give it a label, for people and programs
    #[arg(short, long, value_name = "KEY[=VALUE]")]
    pub label: Vec<String>,

    /// Start it again when it has ended: no, always, on-failure or on-failure:N [default: no]
    #[arg(long, value_name = "POLICY")]
    pub restart: Option<Restart>,

    /// Keep more or less of what it says: max-size=10m, max-file=3
    #[arg(long, value_name = "KEY=VALUE")]
    pub log_opt: Vec<String>,

    /// The signal that asks it to end [default: TERM]
    #[arg(long, value_name = "SIGNAL", value_parser = |word: &str| signals::parse(word))]
    pub stop_signal: Option<i32>,

    /// How long it may take to end, in seconds, before it is killed [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub stop_timeout: Option<u32>,
}

/// What the options mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether it is removed when it has ended.
    pub rm: bool,
    /// When it is started again.
    pub restart: Restart,
    /// The signal that asks it to end.
    pub stop_signal: i32,
    /// So many seconds later it is killed.
    pub stop_timeout: u32,
    /// Whether its standard input stays open, for who is attached.
    pub interactive: bool,
    /// Whether it has a terminal of its own.
    pub tty: bool,
    /// How much of what it says is kept.
    #[serde(default)]
    pub log: LogOptions,
    /// What others have said of it.
    pub labels: BTreeMap<String, String>,
}

impl LifeOptions {
    /// What they mean, with those that every chapter takes.
    ///
    /// # Errors
    /// If they contradict each other.
    pub fn resolve(&self, anyway: &AnywayOptions) -> Result<Policy> {
        let restart = self.restart.unwrap_or_default();
        if anyway.rm && restart != Restart::No {
            return Err(Error::new("conflicting options: --restart and --rm"));
        }
        let label = |label: &String| match label.split_once('=') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (label.clone(), String::new()),
        };
        Ok(Policy {
            rm: anyway.rm,
            restart,
            stop_signal: self.stop_signal.unwrap_or(libc::SIGTERM),
            stop_timeout: self.stop_timeout.unwrap_or(STOP_TIMEOUT),
            interactive: anyway.interactive,
            tty: anyway.tty,
            log: LogOptions::resolve(&self.log_opt)?,
            labels: self.label.iter().map(label).collect(),
        })
    }
}
