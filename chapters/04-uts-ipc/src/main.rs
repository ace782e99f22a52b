//! The runtime of chapter 4 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use uts_ipc::{Options, runtime};

/// Run a command with names and message queues of its own
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
