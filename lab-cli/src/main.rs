//! `lab`: runs the chapters' container runtimes and looks at them from both sides.

use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::deferred::Deferred;
use crate::output::print;

mod attack;
mod beneath;
mod book;
mod cgroups;
mod chapters;
mod clean;
mod columns;
mod compare;
mod deferred;
mod doctor;
mod exercise;
mod grade;
mod keyboard;
mod namespace;
mod output;
mod rootfs;
mod run;
mod search_path;
mod streams;
mod summary;
mod sys;
mod usage;
mod view;
mod workers;

/// Build a container runtime one kernel feature at a time, and see what the host
/// and the container each see
#[derive(Parser)]
#[command(name = "lab", version)]
struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a command in a container of a chapter, and see both sides
    Run(Box<Deferred<run::RunArgs>>),
    /// List the chapters: what each adds and isolates
    Chapters,
    /// Show what host and container each see, of any container or process
    View(Deferred<view::Args>),
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

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error),
    };
    output::decide_colours(cli.color);
    if !matches!(cli.command, Command::Run(_)) {
        // `lab chapters | head -1` has read what it wanted. A container goes on.
        sys::end_with_a_broken_pipe();
    }
    let result = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Chapters => Ok(chapters::list()),
        Command::View(args) => view::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Attack(args) => attack::run(args),
        Command::Exercise(args) => exercise::run(args),
        Command::Grade(args) => grade::run(args),
        Command::Book(args) => book::run(args),
        Command::Cgroups(args) => cgroups::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Rootfs(args) => rootfs::run(args),
        Command::Clean => clean::run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "lab", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { command } => print_manual(command.as_deref()),
    };
    output::finish(result.unwrap_or_else(|error| output::fail(&error)))
}

/// Prints the page of `lab`, or of one of its commands.
fn print_manual(command: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut all = Cli::command();
    all.build();
    let page = match command {
        None => &all,
        Some(name) => all.find_subcommand(name).ok_or_else(|| {
            process::Error::new(format!("there is no lab {name}"))
                .with_hint("lab --help lists them")
        })?,
    };
    let source = concat!("lab ", env!("CARGO_PKG_VERSION"));
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone()).source(source).render(&mut text)?;
    print!("{}", String::from_utf8_lossy(&text));
    Ok(ExitCode::SUCCESS)
}
