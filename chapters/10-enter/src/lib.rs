//! Chapter 10: one more process in a container that runs.
//!
//! A container is what its first process has: namespaces, a root, a cgroup, some power.
//! Nothing else holds it together, so that nobody is ever "in" it; a process has the same,
//! or has not. `lab exec` makes one that has, by one more system call: setns(2).
//!
//! ```text
//!   PID 1 ──┐ namespaces, root, cgroup, users, capabilities, filters, limits
//!           ├── the same
//!   exec ───┘ and no more: what comes in can be attacked by who is there already
//! ```
//!
//! First reading, in this order:
//!
//! - `enter.rs`: the one order
//! - `target.rs`: the process whose things are joined
//! - `namespaces.rs`: which of its namespaces are its own
//! - `place.rs`: its cgroups
//! - `powers.rs`: what it may do
//!
//! Second reading:
//!
//! - `exec.rs`: what is typed, and what it means
//! - `detach.rs`: a command that nobody waits for
//! - `filters.rs`: somebody else's filters of system calls
//! - `limits.rs`, `label.rs`: what else a process hands on to its children
//! - `copy/`: files into a container and out of it, `lab cp`
//!
//! Left out on purpose: a terminal of the command's own. It has the caller's, as `lab run` has.

pub mod copy;

mod detach;
mod enter;
mod exec;
mod filters;
mod label;
mod limits;
mod namespaces;
mod place;
mod powers;
mod sys;
mod target;

pub use enter::Entrance;
pub use exec::{Exec, ExecOptions, exec};
pub use label::Label;
pub use limits::Limits;
pub use namespaces::Kind;
pub use place::Place;
pub use powers::Powers;
pub use target::Target;

// What the first reading needs of the second.
pub(crate) use filters::filters_of;
