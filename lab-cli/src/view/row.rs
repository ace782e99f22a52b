//! One aspect of a view: both sides of it, and whether they are one thing.

use serde::Serialize;

/// One aspect from both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Row<T> {
    /// Whether the two sides are one; `null` if that is not known.
    pub mark: Option<Mark>,
    /// The host's side.
    pub host: Option<T>,
    /// The container's side.
    pub container: Option<T>,
}

/// Whether a thing is the container's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The kernel has one for the container and another for the host.
    Own,
    /// Both sides have the same one.
    Shared,
}

impl Mark {
    /// The verdict on one kernel fact; `None` if either side of it is unknown.
    pub fn compare<T: PartialEq>(host: Option<T>, container: Option<T>) -> Option<Self> {
        Some(if host? == container? { Self::Shared } else { Self::Own })
    }
}
