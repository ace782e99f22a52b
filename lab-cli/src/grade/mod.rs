//! `lab grade`: a class's submissions, checked as each learner's own are.
//!
//! ```text
//!   alice/ bob/ …   copies that `lab exercise init` made        [`submission`]
//!      │  the files that were theirs to edit, nothing else
//!      ▼
//!   worker, worker, …    one submission after the other          [`marking`]
//!      │  every build and every run in a sandbox of its own
//!      ▼
//!   report ──▶ table, JSON, CSV, JUnit                           [`report`] and those
//!      ▲
//!      └── reports of other machines                             [`merge`]
//! ```
//!
//! Somebody wrote these programs who may want more than points. What they must not
//! reach: the grader, this machine, the solutions, the other submissions. The sandbox keeps
//! them from it. It is left to us to read with care, to put an end to what takes too long,
//! and to make of whatever goes wrong a row instead of the end.

mod command;
mod csv;
mod destination;
mod junit;
mod marking;
mod merge;
mod report;
mod submission;
mod table;

pub use command::{Args, run};
