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
//! - `runtime.rs`: the whole
//! - `enter.rs`: the one order
//! - `target.rs`: the process whose things are joined
//! - `namespaces.rs`: which of its namespaces are its own
//! - `powers.rs`: what it may do
//!
//! Second reading:
//!
//! - `exec.rs`: what is typed, and what it means
//! - `detach.rs`: a command that nobody waits for
//! - `place.rs`: its cgroups
//! - `filters.rs`: somebody else's filters of system calls
//! - `limits.rs`, `label.rs`: what else a process hands on to its children
//! - `copy/`: files into a container and out of it, `lab cp`
//! - `join.rs`: the options of a run, and what they mean
//! - `joined.rs`, `their_users.rs`, `shared_memory.rs`: born in another container's namespaces
//! - `stragglers.rs`: the end of one that is not number 1
//!
//! Left out on purpose: a terminal of the command's own. It has the caller's, as `lab run` has.

pub mod copy;
pub mod runtime;

mod detach;
mod enter;
mod exec;
mod filters;
mod join;
mod joined;
mod label;
mod limits;
mod namespaces;
mod options;
mod place;
mod powers;
mod shared_memory;
mod stragglers;
mod sys;
mod target;
mod their_users;

pub use enter::Entrance;
pub use exec::{Exec, ExecOptions, exec};
pub use join::{IpcMode, Join, JoinOptions, Member, OwnIpc, Wanted, Whose};
pub use joined::Joined;
pub use label::Label;
pub use limits::Limits;
pub use options::Options;
pub use place::Place;
pub use powers::Powers;
pub use target::Target;

// What the first reading needs of the second.
pub(crate) use filters::filters_of;

pub(crate) use shared_memory::SharedMemory;
pub(crate) use stragglers::Stragglers;
pub(crate) use their_users::{have_the_same_users, users_of};
