//! `lab exercise`: learning by doing, with an answer within a second.
//!
//! ```text
//!   exercises/            the course: tasks, starters, checks, solutions   [`course`]
//!   DIR/                  the learner's copy: starters, and what is done   [`copy`]
//!
//!   check ──▶ bench ──▶ build    rustc, in a sandbox                       [`build`]
//!                  └──▶ case     the program, in a sandbox                 [`case`], [`trial`]
//!                         └──▶ facts   what the kernel says of it          [`facts`]
//! ```
//!
//! The verdict is the kernel's: a check runs the program with names, sizes and ports that
//! nobody knows before, and looks from outside at what has become of them. What the
//! program says of itself counts for nothing.
//!
//! Read [`sandbox`] for how a program is kept from doing harm, then [`case`] and
//! [`facts`].

mod attempt;
pub mod bench;
pub mod beneath;
mod build;
mod case;
pub mod checks;
mod command;
pub mod copy;
pub mod course;
pub mod crew;
mod desk;
mod diff;
mod facts;
mod fingerprint;
mod help;
pub mod host;
mod kit;
pub mod lines;
mod observation;
mod observe;
mod predict;
mod progress;
mod prose;
mod sandbox;
mod selftest;
mod trial;
mod unseen;
pub mod values;
pub mod verdict;
mod watch;

use bench::Bench;
pub use command::{Args, run};
