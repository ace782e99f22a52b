//! The runtime of chapter 4 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use uts_ipc::runtime::{Options, create};

/// Run a command with names and message queues of its own
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| create(&cli.options))
}
