//! The runtime of chapter 9 as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use security::{Options, runtime};

/// Run a command as a root that can do little harm
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
