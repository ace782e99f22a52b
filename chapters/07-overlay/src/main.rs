//! The runtime of chapter 7 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use overlay::{Options, runtime};

/// Run a command on a writable layer over a read-only image
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
