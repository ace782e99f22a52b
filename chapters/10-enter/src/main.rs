//! The runtime of chapter 10 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use enter::{Options, runtime};

/// Run a command in a container that may share namespaces with another one
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    security::protect_early();
    let cli = Cli::parse();
    process::main(|| {
        user_ns::rootless::become_root(&cli.options.network, process::container::note)?;
        runtime::create(&cli.options)
    })
}
