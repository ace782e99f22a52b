//! A small runtime: a process with a root directory of its own.
//!
//! `root::enter` is where the container leaves the host.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod root;

#[derive(Parser)]
struct Options {
    /// The directory to be the container's root
    #[arg(long, value_name = "DIR")]
    rootfs: PathBuf,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::main(|| create(&options))
}

fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = &options.rootfs;
    let path = rootfs.canonicalize().step(|| format!("find {}", rootfs.display()))?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || root::enter(&path);
    let process = Process::create(CloneFlags::empty(), &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
