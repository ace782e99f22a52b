//! The runtime of chapter 5 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use net_ns::{Options, runtime};

/// Run a command with a network of its own
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
