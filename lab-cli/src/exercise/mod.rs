//! `lab exercise`: learning by doing, with an answer within a second.
//!
//! ```text
//!   exercises/            the course: tasks, starters, checks, solutions   [`course`]
//!   DIR/                  the learner's copy: starters, and what is done   [`copy`]
//!
//!   check ──▶ bench ──▶ build    rustc, in a sandbox                       [`build`]
//!                  └──▶ case     the program, in a sandbox                 [`case`]
//!                         └──▶ facts   what the kernel says of it          [`facts`]
//! ```
//!
//! The verdict is the kernel's: a check runs the program with names, sizes and ports that
//! nobody knows before, and looks from outside at what has become of them. What the
//! program says of itself counts for nothing.
//!
//! Read [`sandbox`] for how a program is kept from doing harm, then [`case`] and
//! [`facts`].

use std::process::ExitCode;

mod bench;
mod build;
mod case;
mod checks;
mod copy;
mod course;
mod crew;
mod facts;
mod fingerprint;
mod host;
mod kit;
mod observe;
mod predict;
mod progress;
mod sandbox;
mod selftest;
mod values;
mod verdict;

use bench::Bench;

/// Learn by doing: tasks that are checked on the kernel
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Check the course itself: starters fail, solutions pass, wrong answers do not
    Selftest(selftest::Args),
}

/// Runs one of the commands.
///
/// # Errors
/// If something of ours fails; an answer that does not pass is no error.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Selftest(args) => selftest::run(args),
    }
}
