//! `lab`: runs the chapters' container runtimes and looks at them from both sides.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

mod cgroups;
mod chapters;
mod clean;
mod compare;
mod output;
mod rootfs;
mod run;
mod summary;
mod sys;
mod view;

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
    Run(Box<run::RunArgs>),
    /// List the chapters: what each adds and isolates
    Chapters,
    /// Show what host and container each see, of any container or process
    View(view::Args),
    /// Run one command under two chapters, side by side
    Compare(compare::CompareArgs),
    /// Show the cgroup hierarchies, and a process's place in them
    Cgroups(cgroups::Args),
    /// Show or reset the default root file system
    Rootfs(rootfs::Args),
    /// Remove what a killed run has left
    Clean,
    /// Print the completions for a shell
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| refuse(error));
    output::decide_colours(cli.color);
    let result = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Chapters => Ok(chapters::list()),
        Command::View(args) => view::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Cgroups(args) => cgroups::run(args),
        Command::Rootfs(args) => rootfs::run(args),
        Command::Clean => clean::run(),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "lab", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut std::io::stdout())
            .map(|()| ExitCode::SUCCESS)
            .map_err(Into::into),
    };
    result.unwrap_or_else(|error| output::fail(&error))
}

/// Ends on a wrong command line, or after the help that was asked for.
fn refuse(error: clap::Error) -> ! {
    let _ = error.print();
    let argument = error.get(ContextKind::InvalidArg);
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(flag)) = argument
        && ["-i", "-t", "--interactive", "--tty"].contains(&flag.as_str())
    {
        eprintln!("\nhint: {flag} is not needed, the container has this terminal as it is");
    }
    // Docker's status for "the runtime failed": 2 might be the command's own.
    let is_run = std::env::args().nth(1).is_some_and(|command| command == "run");
    match error.exit_code() {
        0 => std::process::exit(0),
        _ if is_run => std::process::exit(process::Error::RUNTIME_FAILED.into()),
        code => std::process::exit(code),
    }
}
