//! The grammar of `lab`: its commands. The arguments of each are where it is.

use clap::{ColorChoice, Parser, Subcommand};
use clap_complete::Shell;

use crate::deferred::Deferred;
use crate::{attack, book, cgroups, compare, copy, doctor, exercise, grade, rootfs, run, view};

/// Build a container runtime one kernel feature at a time, and see what the host
/// and the container each see
#[derive(Parser)]
#[command(name = "lab", version)]
pub struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a command in a container of a chapter, and see both sides
    Run(Box<Deferred<run::RunArgs>>),
    /// Run one more command in a container that runs
    Exec(Deferred<enter::ExecOptions>),
    /// Make a container of chapter 11 that is started later
    Create(Box<Deferred<lifecycle::Options>>),
    #[command(flatten)]
    Life(lifecycle::Command),
    /// List the chapters: what each adds and isolates
    Chapters,
    /// Show what host and container each see, of any container or process
    View(Deferred<view::Args>),
    /// Copy files into a container and out of it
    Cp(Deferred<copy::Args>),
    /// Run one command under two chapters, side by side
    Compare(Deferred<compare::CompareArgs>),
    /// Try to break out of each chapter's container, in a sandbox
    Attack(Deferred<attack::Args>),
    /// Learn by doing: tasks that are checked on the kernel
    Exercise(exercise::Args),
    /// Grade a class's submissions, each in a sandbox
    Grade(Deferred<grade::Args>),
    /// Read the book in a browser
    Book(Deferred<book::Args>),
    /// Show the cgroup hierarchies, and a process's place in them
    Cgroups(Deferred<cgroups::Args>),
    /// Show what this host can and cannot do
    Doctor(Deferred<doctor::Args>),
    /// Show or reset the default root file system
    Rootfs(rootfs::Args),
    /// Remove what a killed run has left
    Clean,
    /// Print the completions for a shell
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
    /// Print a manual page: lab man | man -l -
    Man {
        /// The command to tell of [default: all of them in short]
        command: Option<String>,
    },
}
