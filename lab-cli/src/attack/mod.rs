//! `lab attack`: the isolation scorecard, attacks × chapters, each really tried.
//!
//! A list of namespaces says what should be isolated. This says what is: for each cell
//! of the table a container of that chapter is made, and from inside it a program does
//! its worst. Whether it got anywhere is seen on the host's side: the process is dead,
//! the name is another one, the secret that only the host knew has been read.
//!
//! So that a success hurts nobody, "the host" is a small one made for the purpose:
//!
//! ```text
//!   lab ── fork ──▶ sandbox host        PID, mount, network, UTS and IPC namespaces,
//!    │◀── cells ──── │                   a tmpfs as root, secrets and victims in it
//!    ▼               └── lab run chapter-05 -- /lab attack --inside kill …
//!   table                                a container, and in it the attacker: this
//!                                        program again
//! ```
//!
//! What belongs to the whole machine and to no namespace (kernel settings, modules, the
//! clock) is only ever asked for in a form that changes nothing if it is granted.
//!
//! Read [`sandbox`] for the host, [`target`] for how a container is attacked, and then
//! the files of [`attacks`], one for each; [`trial`] goes through the table.

use process::Result;

mod attacker;
mod attacks;
mod command;
mod grid;
mod lan;
mod sandbox;
mod sys;
mod target;
mod trial;
mod victim;

pub use command::{Args, run};
use target::Target;

/// One way to get at the host.
struct Attack {
    /// What it is called on the command line.
    name: &'static str,
    /// What it does, as the table has it: at most 34 columns.
    title: &'static str,
    /// How it goes about it.
    tries: &'static str,
    /// What stops it, and why not sooner.
    why: &'static str,
    /// Where to read on.
    reference: &'static str,
    /// The chapter that stops it.
    stopped_by: usize,
    /// The host's side: prepares a victim, lets the attacker loose, looks what happened.
    run: fn(&Target<'_>) -> Result<Finding>,
    /// The attacker's side, in the container, with the words that `run` passes.
    inside: fn(&[String]) -> Result<String>,
}

/// How one attack on one chapter went, and why, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// It got nowhere.
    Blocked(String),
    /// It did harm.
    Works(String),
    /// It could not be tried.
    NotApplicable(String),
}

impl Finding {
    /// As `--json` has it.
    fn result(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::Works(_) => "works",
            Self::NotApplicable(_) => "n/a",
        }
    }

    /// The few words.
    fn why(&self) -> &str {
        match self {
            Self::Blocked(why) | Self::Works(why) | Self::NotApplicable(why) => why,
        }
    }
}
