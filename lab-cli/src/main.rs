//! `lab`: runs the chapters' container runtimes and looks at them from both sides.

use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

mod output;

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
enum Command {}

fn main() -> ExitCode {
    let cli = Cli::parse();
    output::decide_colours(cli.color);
    let result: anyhow::Result<ExitCode> = match cli.command {};
    result.unwrap_or_else(|error| output::fail(&error))
}
