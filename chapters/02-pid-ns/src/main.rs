//! The runtime of chapter 2 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use pid_ns::{Options, runtime};

/// Run a command as PID 1 of a process tree of its own
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
