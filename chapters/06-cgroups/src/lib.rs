//! Chapter 6: its share of memory, CPU and processes.
//!
//! Namespaces decide what a process *sees*; control groups decide how much it *gets*.
//! A cgroup is a directory in a pseudo file system: `mkdir` makes it, writing a
//! number into a file of it sets a limit, and a process that is in it, with all its
//! descendants, counts against that limit.
//!
//! ```text
//!   /sys/fs/cgroup              v2: one tree, every controller in it
//!   └── lab-3f9c0a1b2c4d        the container: what it sees as "/"
//!       ├── memory.max          67108864
//!       └── pids.max            100
//!
//!   /sys/fs/cgroup/memory/lab-3f9c0a1b2c4d/memory.limit_in_bytes    v1: the same,
//!   /sys/fs/cgroup/pids/lab-3f9c0a1b2c4d/pids.max                   a tree for each
//! ```
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `hierarchy.rs`: where the trees are, v1, v2 and both at once
//! - `setting.rs`: one limit, and the file that takes it
//! - `cgroup.rs`, `group.rs`: making it and entering it
//! - `delegation.rs`: the part of a tree that is ours
//!
//! Second reading:
//!
//! - `limits.rs`, `quantity.rs`: the options
//! - `mount.rs`: what the container sees of it
//! - `groups.rs`: finding it, while it runs, and changing its limits
//! - `freezer.rs`: a container that stands still
//! - `report.rs`: what it used, and whether a limit killed it
//! - `record.rs`, `kill.rs`, `remove.rs`: nothing is left behind, whatever keeps it
//! - `inspect.rs`: the same questions about any process of the host

#![forbid(unsafe_code)]

pub mod runtime;

mod cgroup;
mod delegation;
mod freezer;
mod group;
mod groups;
mod hierarchy;
mod inspect;
mod kill;
mod limits;
mod mount;
mod options;
mod quantity;
mod record;
mod remove;
mod report;
mod setting;

pub use cgroup::Cgroup;
pub use groups::Groups;
pub use hierarchy::{Hierarchy, Version, hierarchies, unmounted_controllers};
pub use inspect::{Membership, Usage, limits_of, memberships, of_process};
pub use limits::{LimitOptions, Limits};
pub use options::Options;
pub use quantity::{CpuList, DeviceRate, Swap, bytes, size};
pub use remove::KIND;
pub use report::Used;
pub use setting::{Knob, Setting};

use record::Record;
