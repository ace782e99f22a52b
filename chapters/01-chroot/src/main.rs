//! The runtime of chapter 1 as a program of its own.

use std::process::ExitCode;

use chroot::{Options, runtime};
use clap::Parser;

/// Run a command in another root directory
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    process::main(|| runtime::create(&cli.options))
}
