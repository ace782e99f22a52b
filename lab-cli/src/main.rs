//! `lab`: runs the chapters' container runtimes and looks at them from both sides.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::chapters::Chapter;
use crate::cli::{Cli, Command};
use crate::output::print;

mod attack;
mod beneath;
mod book;
mod cgroups;
mod chapters;
mod child;
mod clean;
mod cli;
mod columns;
mod compare;
mod copy;
mod deferred;
mod doctor;
mod exec;
mod exercise;
mod grade;
mod groups;
mod keyboard;
mod life;
mod output;
mod rootfs;
mod run;
mod shell;
mod streams;
mod summary;
mod sys;
mod usage;
mod view;
mod workers;

/// musl's own gives each freed page back to the kernel at once, and asks for it again.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    if let Some(code) = lifecycle::monitor() {
        return code;
    }
    if will_be_protected() {
        security::protect_early();
    }
    let mut grammar = Cli::command();
    let cli = match parse(&mut grammar) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error),
    };
    output::decide_colours(cli.color);
    if !matches!(cli.command, Command::Run(_) | Command::Exec(_) | Command::Cp(_)) {
        // `lab chapters | head -1` has read what it wanted. A container goes on, and a copy has
        // another side to ask why.
        sys::end_with_a_broken_pipe();
    }
    let result = match &cli.command {
        Command::Run(args) => run::run(args, &grammar),
        Command::Chapters => Ok(chapters::list()),
        Command::Exec(options) => exec::run(options),
        Command::View(args) => view::run(args),
        Command::Cp(args) => copy::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Attack(args) => attack::run(args),
        Command::Exercise(args) => exercise::run(args),
        Command::Grade(args) => grade::run(args),
        Command::Book(args) => book::run(args),
        Command::Cgroups(args) => cgroups::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Rootfs(args) => rootfs::run(args),
        Command::Clean => clean::run(),
        Command::Create(options) => life::create(options),
        Command::Life(command) => life::run(command),
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

/// Reads what was typed. In the grammar is then what clap had to build of it.
fn parse(grammar: &mut clap::Command) -> Result<Cli, clap::Error> {
    let mut matches = grammar.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(grammar))
}

/// Whether a command is run that starts this program again, so that it is better done now.
/// If there are options before the chapter, it is done when they are known.
fn will_be_protected() -> bool {
    let mut words = std::env::args_os().skip(1);
    let command = words.next().unwrap_or_default();
    let chapter = words.next().and_then(|word| Chapter::named(word.to_str()?));
    command == "exec" || command == "run" && chapter.is_some_and(protects_us)
}

/// Whether a chapter's runtime is this process, and starts our program again from where it
/// cannot be written to. A monitor does that for itself.
fn protects_us(chapter: &Chapter) -> bool {
    chapter.number >= 9 && !chapter.has_monitor()
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
