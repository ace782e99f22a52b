//! A container, and a second program that comes in later.
//!
//! All of it is here but for the coming in, `enter::enter`, which is yours.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use process::{CommandOptions, Result};

mod container;
mod enter;

#[derive(Parser)]
struct Options {
    /// How the container is called
    #[arg(long, value_name = "NAME")]
    hostname: String,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("error: {error}");
            125.into()
        }
    }
}

fn run(options: &Options) -> Result<u8> {
    let command = options.command.resolve()?;
    let root = options.root.resolve()?;
    // The first terminal.
    let first = container::start(&root, &options.hostname, &command, None)?;
    // The second one.
    container::later(&command, || enter::enter(first.pid())) //        yours
}
