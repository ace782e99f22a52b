//! `lab doctor`: what this host can and cannot do, and what to type about it.
//!
//! Nothing is concluded from a version or a name that could be tried instead. A
//! namespace is made, an overlay mounted and a bridge joined to a cable, each in a
//! child that ends at once, in namespaces of its own, so that the kernel takes it all
//! back:
//!
//! ```text
//!   lab ── fork ──▶ child   unshare(CLONE_NEWNET), a bridge, a cable
//!    │◀── answer ──── │     gone, and its network with it
//!    ▼
//!   Network   bridge, veth   works   05-07   a bridge and a cable, made and joined
//! ```
//!
//! What the kernel would have to load a module for is not tried, because a module
//! stays: [`modules`] tells those apart. No module is loaded, no cgroup made and no
//! setting changed. The one thing that is on the host for a moment, the directories
//! for the overlay, is recorded like a container's, so that `lab clean` knows them.
//!
//! One file is one group of checks: [`kernel`], [`namespaces`], [`cgroups`],
//! [`files`], [`network`], [`users`], [`restrictions`]. A check is plain data, and
//! [`render`] makes text of it.

use serde::Serialize;

use crate::chapters::CHAPTERS;
use host::Host;

mod cgroups;
mod command;
mod distribution;
mod files;
mod host;
mod kernel;
mod modules;
mod namespaces;
mod netfilter;
mod network;
mod overlay;
mod render;
mod restrictions;
mod sys;
mod trial;
mod users;

pub use command::{Args, run};

/// A heading, and what looks at what is below it.
type Group = (&'static str, fn(&Host) -> Vec<Check>);

/// The groups in the order in which they are printed.
const GROUPS: [Group; 7] = [
    ("Kernel", kernel::checks),
    ("Namespaces", namespaces::checks),
    ("Control groups", cgroups::checks),
    ("Files", files::checks),
    ("Network", network::checks),
    ("Users", users::checks),
    ("Restrictions", restrictions::checks),
];

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Finding {
    /// Everything is there.
    Works,
    /// It is there in part, or with a consequence that `seen` tells.
    Limited,
    /// It is not there.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Check {
    /// What it is, in a few words.
    #[serde(rename = "check")]
    name: &'static str,
    /// The heading above it.
    group: &'static str,
    /// How it came out.
    result: Finding,
    /// What was observed, in one sentence.
    seen: String,
    /// The chapters that use it, by number; all of them if it is none's in particular.
    chapters: Vec<usize>,
    /// The command that changes a result other than `works`.
    fix: Option<String>,
    /// Whether these chapters cannot do without it.
    #[serde(skip)]
    required: bool,
}

impl Check {
    fn new(name: &'static str, result: Finding, seen: impl Into<String>) -> Self {
        let (seen, chapters) = (seen.into(), from(0));
        Self { name, group: "", result, seen, chapters, fix: None, required: false }
    }

    fn works(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Finding::Works, seen)
    }

    fn limited(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Finding::Limited, seen)
    }

    fn missing(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Finding::Missing, seen)
    }

    /// Names the chapters that use it.
    fn chapters(self, chapters: impl Into<Vec<usize>>) -> Self {
        Self { chapters: chapters.into(), ..self }
    }

    /// Tells what to type. What works needs no fix, so there it is dropped.
    fn fix(self, command: impl Into<String>) -> Self {
        let fix = (self.result != Finding::Works).then(|| command.into());
        Self { fix, ..self }
    }

    /// Where it is missing, its chapters cannot run.
    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Whether it keeps a chapter from running.
    fn stops(&self, chapter: usize) -> bool {
        self.required && self.result == Finding::Missing && self.chapters.contains(&chapter)
    }
}

/// The chapters from a number on; that one alone if this lab does not reach so far.
fn from(first: usize) -> Vec<usize> {
    (first..CHAPTERS.len().max(first + 1)).collect()
}

/// Looks at everything.
fn examine(host: &Host) -> Vec<Check> {
    let of_group = |(group, checks): Group| {
        checks(host).into_iter().map(move |check| Check { group, ..check })
    };
    GROUPS.into_iter().flat_map(of_group).collect()
}

/// The chapters that can run and those that cannot, by number.
fn runnable(checks: &[Check]) -> (Vec<usize>, Vec<usize>) {
    let is_stopped = |number: &usize| checks.iter().any(|check| check.stops(*number));
    let (stopped, can) = CHAPTERS.iter().map(|chapter| chapter.number).partition(is_stopped);
    (can, stopped)
}
