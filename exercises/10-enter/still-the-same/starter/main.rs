//! Two containers, and somebody who means the first one and has a record of it.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::unistd::Pid;
use process::{CommandOptions, Result};

mod container;
mod enter;
mod host;
mod kernel;

#[derive(Parser)]
struct Options {
    /// How the first container is called
    #[arg(long, value_name = "NAME")]
    hostname: String,
    /// The record is an old one: another process has the number by now
    #[arg(long)]
    old_record: bool,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

/// What is written down of a container.
pub struct Record {
    /// The number of its first process.
    pub pid: Pid,
    /// When that was started, in clock ticks since boot.
    pub started: u64,
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
    let meant = container::start(&root, &options.hostname, &command, None)?;
    let started = kernel::started(meant.pid())?;
    let other = container::start(&root, "bank", &command, None)?;
    kernel::give_away(meant.pid(), other.pid());
    let age = if options.old_record { 1 } else { 0 };
    let record = Record { pid: meant.pid(), started: started - age };
    container::later(&command, || enter::enter(&record))
}
