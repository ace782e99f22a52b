//! What can be looked at, by what, and what was found.

use std::fmt;

use nix::unistd::Pid;
use serde::Deserialize;

use super::tree::init_of;
use crate::exercise::sandbox::{End, Sandbox};
use crate::exercise::values::Values;
use crate::view::proc::Proc;

/// A look: how it is called, and what it does with the rest of the words.
pub struct Look {
    /// Its first words.
    pub(super) name: &'static str,
    /// Looks.
    pub(super) run: fn(&Scene<'_>, &Subject, &str) -> Seen,
}

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

/// Whose facts are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The process that was found by `{forever}`.
    #[default]
    Container,
    /// PID 1 of the container's PID namespace.
    Init,
    /// The learner's program itself.
    Runtime,
    /// The sandbox, which plays the host.
    Host,
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
    pub(super) fn text(at: impl Into<String>, text: impl Into<String>) -> Self {
        Self { at: at.into(), found: Found::Text(text.into()) }
    }

    pub(super) fn list(at: impl Into<String>, list: Vec<String>) -> Self {
        Self { at: at.into(), found: Found::List(list) }
    }

    pub(super) fn nothing(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), found: Found::Nothing(why.into()) }
    }

    /// A text, or the reason why there is none.
    pub(super) fn of<E: fmt::Display>(at: impl Into<String>, text: Result<String, E>) -> Self {
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

impl Scene<'_> {
    pub(super) fn subject(&self, whose: Whose) -> Result<Subject, String> {
        let gone = || "it is not running".to_owned();
        let pid = match whose {
            Whose::Host => self.sandbox.pid(),
            Whose::Runtime => self.runtime.ok_or_else(gone)?,
            Whose::Container => self.container.ok_or_else(gone)?,
            Whose::Init => {
                let container = self.container.ok_or_else(gone)?;
                init_of(self.sandbox, container).ok_or_else(gone)?
            }
        };
        let proc = Proc::open(pid).map_err(|error| error.to_string())?;
        Ok(Subject { pid, proc })
    }
}

impl Subject {
    pub(super) fn host(scene: &Scene<'_>) -> Result<Self, String> {
        scene.subject(Whose::Host)
    }

    /// The path of one of its files, for people.
    pub(super) fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.pid)
    }

    /// A field of its `status` file.
    pub(super) fn status(&self, field: &str) -> Seen {
        let at = format!("{}, {field}", self.path("status"));
        match self.proc.status().field(field) {
            Some(value) => Seen::text(at, value),
            None => Seen::nothing(at, "it has ended"),
        }
    }
}
