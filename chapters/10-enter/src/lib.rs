//! Chapter 10: one more process in a container that runs.
//!
//! A container is what its first process has: namespaces, a root, a cgroup, some power.
//! Nothing else holds it together, so that nobody is ever "in" it; a process has the same,
//! or has not. `lab exec` makes one that has, by one more system call: setns(2).
//!
//! First reading, in this order:
//!
//! - `target.rs`: the process whose things are joined
//! - `namespaces.rs`: which of its namespaces are its own
//!
//! Second reading:
//!
//! - `copy/`: files into a container and out of it, `lab cp`

pub mod copy;

mod namespaces;
mod sys;
mod target;

pub use namespaces::Kind;
pub use target::Target;
