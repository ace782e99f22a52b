//! What a learner types, and what is theirs: a copy of the exercises, and how far they are.

pub mod attempt;
pub mod container;
pub mod copy;
mod diff;
pub mod help;
mod manifests;
mod progress;
mod prose;
pub mod session;
pub mod watch;
