//! The runtime of chapter 6 as a program of its own.

use std::process::ExitCode;

use cgroups::{Options, runtime};
use clap::Parser;

/// Run a command with its share of memory, CPU and processes
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
