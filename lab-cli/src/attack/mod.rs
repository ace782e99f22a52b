//! `lab attack`: the isolation scorecard, attacks × chapters, each really tried.
//!
//! A list of namespaces says what should be isolated. This says what is: for each cell
//! of the table a container of that chapter is made, and from inside it a program does
//! its worst. Whether it got anywhere is seen on the host's side: the process is dead,
//! the name is another one, the secret that only the host knew has been read.
//!
//! So that a success hurts nobody, "the host" is a small one made for the purpose:
//!
//! ```text
//!   lab ── fork ──▶ sandbox host        PID, mount, network, UTS and IPC namespaces,
//!    │◀── cells ──── │                   a tmpfs as root, secrets and victims in it
//!    ▼               └── lab run chapter-05 -- /lab attack --inside kill …
//!   table                                a container, and in it the attacker: this
//!                                        program again
//! ```
//!
//! What belongs to the whole machine and to no namespace (kernel settings, modules, the
//! clock) is only ever asked for in a form that changes nothing if it is granted.
//!
//! Read [`sandbox`] for the host, [`target`] for how a container is attacked, and then
//! the files of [`attacks`], one for each; [`trial`] goes through the table.

mod attacker;
mod attacks;
mod cell;
mod command;
mod conversation;
mod entrant;
mod grid;
mod lan;
mod places;
mod program;
mod sandbox;
mod sys;
mod target;
mod trial;
mod victim;

pub use command::{Args, run};
