//! A container with a limit of processes, and a second program that comes in later.

use std::process::ExitCode;

use cgroups::{Cgroup, LimitOptions};
use chroot::RootOptions;
use clap::Parser;
use process::{CommandOptions, Result, State};

mod container;
mod enter;

#[derive(Parser)]
struct Options {
    /// How the container is called
    #[arg(long, value_name = "NAME")]
    hostname: String,
    #[command(flatten)]
    limits: LimitOptions,
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
    let state = State::create()?;
    let cgroup = Cgroup::create(&options.limits.resolve()?, &state)?;
    // The first terminal.
    let first = container::start(&root, &options.hostname, &command, Some(&cgroup))?;
    // The second one.
    container::later(&command, || enter::enter(first.pid()))
}
