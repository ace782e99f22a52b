//! The runtime of chapter 3 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use mount_ns::{Options, runtime};

/// Run a command with a mount table and a process tree of its own
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
