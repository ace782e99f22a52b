//! Facts: what a check can look at, one small file a subject.
//!
//! Everything is seen from outside, in the kernel's files about a process, or by a
//! process of ours that has entered its namespaces. Nothing is asked of the program
//! that is being checked.
//!
//! ```text
//!   look = "mount type /proc"      the first words name a look, the rest is for it
//!   of   = "container"             whose: a process in the sandbox
//!   is   = "proc"                  a comparison
//! ```
//!
//! The vocabulary is the table below: [`LOOKS`].

use std::fmt;

use nix::unistd::Pid;

use super::checks::{Fact, Whose};
use super::sandbox::{End, Sandbox};
use super::values::Values;
use crate::view::proc::Proc;

mod capabilities;
mod cgroups;
mod descriptors;
mod end;
mod files;
mod layers;
mod left;
mod mounts;
mod names;
mod namespaces;
mod network;
mod processes;
mod settings;
mod users;

pub use processes::{init_of, of as processes_of, oldest, pid_in};

/// A look: how it is called, and what it does with the rest of the words.
pub struct Look {
    /// Its first words.
    name: &'static str,
    /// Looks.
    run: fn(&Scene<'_>, &Subject, &str) -> Seen,
}

/// All groups of looks.
const LOOKS: [&[Look]; 14] = [
    namespaces::LOOKS,
    mounts::LOOKS,
    names::LOOKS,
    processes::LOOKS,
    descriptors::LOOKS,
    network::LOOKS,
    cgroups::LOOKS,
    users::LOOKS,
    capabilities::LOOKS,
    files::LOOKS,
    layers::LOOKS,
    settings::LOOKS,
    end::LOOKS,
    left::LOOKS,
];

/// What can be looked at, at this moment.
pub struct Scene<'a> {
    /// The sandbox, with the program in it or ended.
    pub sandbox: &'a Sandbox,
    /// The container's process, found by `{forever}`.
    pub container: Option<Pid>,
    /// The learner's program.
    pub runtime: Option<Pid>,
    /// How it has ended.
    pub end: Option<End>,
    /// What was drawn.
    pub values: &'a Values,
}

/// A process that is looked at.
pub struct Subject {
    /// Its number on the real host.
    pub pid: Pid,
    /// Its directory in /proc.
    pub proc: Proc,
}

/// What was looked at, and what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which file or call told it.
    pub at: String,
    /// What it told.
    pub found: Found,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One thing.
    Text(String),
    /// Several.
    List(Vec<String>),
    /// Nothing, and why.
    Nothing(String),
}

impl Seen {
    fn text(at: impl Into<String>, text: impl Into<String>) -> Self {
        Self { at: at.into(), found: Found::Text(text.into()) }
    }

    fn list(at: impl Into<String>, list: Vec<String>) -> Self {
        Self { at: at.into(), found: Found::List(list) }
    }

    fn nothing(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), found: Found::Nothing(why.into()) }
    }

    /// A text, or the reason why there is none.
    fn of<E: fmt::Display>(at: impl Into<String>, text: Result<String, E>) -> Self {
        match text {
            Ok(text) => Self::text(at, text),
            Err(why) => Self::nothing(at, why.to_string()),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::List(list) if list.is_empty() => f.write_str("none"),
            Self::List(list) => f.write_str(&list.join(" ")),
            Self::Nothing(why) => write!(f, "nothing: {why}"),
        }
    }
}

/// Whether there is such a look.
pub fn knows(look: &str) -> bool {
    find(look).is_some()
}

/// Looks.
pub fn look(scene: &Scene<'_>, whose: Whose, look: &str) -> Seen {
    let Some((found, rest)) = find(look) else {
        return Seen::nothing(look, "there is no such look");
    };
    match scene.subject(whose) {
        Ok(subject) => (found.run)(scene, &subject, rest),
        Err(why) => Seen::nothing(format!("the {}", whose.name()), why),
    }
}

/// The look with the longest name that `text` begins with, and the rest of the words.
fn find(text: &str) -> Option<(&'static Look, &str)> {
    let rest_of = |look: &Look| {
        let rest = text.strip_prefix(look.name)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
    };
    let all = LOOKS.into_iter().flatten();
    all.filter_map(|look| Some((look, rest_of(look)?))).max_by_key(|(look, _)| look.name.len())
}

impl Scene<'_> {
    fn subject(&self, whose: Whose) -> Result<Subject, String> {
        let gone = || "it is not running".to_owned();
        let pid = match whose {
            Whose::Host => self.sandbox.pid(),
            Whose::Runtime => self.runtime.ok_or_else(gone)?,
            Whose::Container => self.container.ok_or_else(gone)?,
            Whose::Init => {
                let container = self.container.ok_or_else(gone)?;
                processes::init_of(self.sandbox, container).ok_or_else(gone)?
            }
        };
        let proc = Proc::open(pid).map_err(|error| error.to_string())?;
        Ok(Subject { pid, proc })
    }
}

impl Whose {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container's process",
            Self::Init => "container's PID 1",
            Self::Runtime => "runtime",
            Self::Host => "host",
        }
    }
}

impl Subject {
    fn host(scene: &Scene<'_>) -> Result<Self, String> {
        scene.subject(Whose::Host)
    }

    /// The path of one of its files, for people.
    fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.pid)
    }

    /// A field of its `status` file.
    fn status(&self, field: &str) -> Seen {
        let at = format!("{}, {field}", self.path("status"));
        match self.proc.status().field(field) {
            Some(value) => Seen::text(at, value),
            None => Seen::nothing(at, "it has ended"),
        }
    }
}

/// Whether what was found is what the fact asks for.
pub fn holds(fact: &Fact, values: &Values, found: &Found) -> bool {
    let Some((verb, with)) = fact.comparison() else { return false };
    let with = match fact.look.starts_with("snapshot ") {
        // What was drawn is in braces on both sides.
        true => with.to_owned(),
        false => values.fill(with),
    };
    // "none" is what an empty list is called, and what is not there.
    let text = match found {
        Found::Nothing(_) => "none".to_owned(),
        found => found.to_string(),
    };
    let has = || match found {
        Found::List(list) => list.iter().any(|entry| is_like(&with, entry)),
        Found::Text(text) => text.contains(&with),
        Found::Nothing(_) => false,
    };
    let number = || text.split_whitespace().next()?.parse::<f64>().ok();
    let limit = || with.parse::<f64>().ok();
    match (verb, found) {
        ("is", _) => text.trim_end() == with.trim_end(),
        ("contains", _) => has(),
        ("matches", _) => is_like(&with, &text),
        // What could not be seen has not been seen to be otherwise.
        (_, Found::Nothing(_)) => false,
        ("not", _) => text.trim_end() != with.trim_end(),
        ("lacks", _) => !has(),
        ("at least", _) => number().zip(limit()).is_some_and(|(number, limit)| number >= limit),
        ("at most", _) => number().zip(limit()).is_some_and(|(number, limit)| number <= limit),
        _ => false,
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    loop {
        if is_like(rest, text) {
            return true;
        }
        let Some(first) = text.chars().next() else { return false };
        text = &text[first.len_utf8()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(is_like("10.*/24", "10.88.0.2/24"));
        assert!(is_like("a*b*c", "a--b--b-c"));
        assert!(!is_like("a*b", "ac"));
        assert!(!is_like("plain", "plain text"));
    }

    #[test]
    fn nothing_seen_is_not_seen_to_be_otherwise() {
        let fact = Fact { lacks: Some("x".to_owned()), ..Fact::default() };
        assert!(!holds(&fact, &Values::default(), &Found::Nothing("it has ended".to_owned())));
        assert!(holds(&fact, &Values::default(), &Found::List(vec!["y".to_owned()])));
    }

    #[test]
    fn the_longer_name_of_a_look_wins() {
        assert_eq!(
            find("mount type /proc").map(|(look, rest)| (look.name, rest)),
            Some(("mount type", "/proc"))
        );
        assert_eq!(find("mounts").map(|(look, _)| look.name), Some("mounts"));
        assert!(find("mountain").is_none());
    }
}
