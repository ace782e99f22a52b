//! The runtime of chapter 0 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use process::{Options, runtime};

/// Run a command in a process of its own
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
