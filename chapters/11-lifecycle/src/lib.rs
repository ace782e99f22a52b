//! Chapter 11: containers that outlive a command, and no daemon.
//!
//! Until now a container ended with the `lab run` that had made it, and nothing of it was left.
//! Now its record stays until somebody removes it, and holds all that a start takes. What runs
//! it is the same runtime as before; it has only let go of the terminal.
//!
//! ```text
//!   record   made ──▶ created ──▶ running ──▶ exited ──▶ removed
//!                        ▲           │           │
//!   lab:monitor          └── start ──┴─ restart ─┘    holds the record's lock while it runs
//! ```
//!
//! So `ps` is a directory and a lock, and nobody has to be asked.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole, from a record instead of a command line
//! - `spec.rs`: what a start takes
//! - `launch.rs`: a program that stays when this one has ended
//! - `monitor.rs`: its life
//! - `life.rs`: what is believed of a file, and what of a lock
//!
//! Second reading:
//!
//! - `policy.rs`, `restart.rs`, `wanted.rs`: what becomes of a container that has ended
//! - `create.rs`, `start.rs`: a record and no process, and then one
//! - `stop.rs`, `ends.rs`, `remove.rs`: its end
//! - `freeze.rs`: neither
//! - `ending.rs`: how it was
//! - `list.rs`: `ps`
//! - `voice/`: what it says, and what is said to it
//! - `commands.rs`: what people type

pub mod runtime;

mod commands;
mod create;
mod ending;
mod ends;
mod freeze;
mod launch;
mod life;
mod list;
mod monitor;
mod options;
mod policy;
mod remove;
mod restart;
mod spec;
mod start;
mod stop;
mod sys;
mod voice;
mod wanted;

pub use commands::Command;
pub use create::create;
pub use ending::Ending;
pub use launch::{Launched, launch};
pub use life::{KIND, Life, Status};
pub use monitor::main_if_called as monitor;
pub use options::Options;
pub use policy::{LifeOptions, Policy};
pub use remove::{IfItRuns, KINDS, remove};
pub use restart::Restart;
pub use spec::Spec;
pub use stop::{stop, wait};
pub use voice::{AttachOptions, DetachKeys, Ended, Input, LogOptions, LogsArgs, attach, logs};

// What the first reading needs of the second.
pub(crate) use ends::Ends;
pub(crate) use freeze::is_paused;
pub(crate) use remove::remove_record;
pub(crate) use restart::Backoff;
pub(crate) use voice::{Inside, Voice};
pub(crate) use wanted::is_wanted_stopped;
