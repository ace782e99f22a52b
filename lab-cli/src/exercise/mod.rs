//! `lab exercise`: learning by doing, with an answer within a second.
//!
//! ```text
//!   learner    a copy of the starters, and what is done of them          [`learner`]
//!      │
//!   checker    an answer is built and run, each in a sandbox             [`checker`]
//!      │
//!   course     tasks, starters, checks, solutions: `exercises/`          [`course`]
//!      │
//!   facts      what the kernel says of a program                         [`facts`]
//!      │
//!   sandbox    where a program runs that nobody has read                 [`sandbox`]
//! ```
//!
//! The verdict is the kernel's: a check runs the program with names, sizes and ports that
//! nobody knows before, and looks from outside at what has become of them. The program's
//! own word counts for nothing.
//!
//! Read [`sandbox`] for how a program is kept from doing harm, then `checker/case.rs` and
//! [`facts`].

pub mod checker;
mod command;
pub mod course;
mod facts;
mod fingerprint;
pub mod learner;
pub mod sandbox;
mod selftest;
pub mod values;

pub use command::{Args, run};
