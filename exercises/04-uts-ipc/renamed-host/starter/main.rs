//! A small runtime whose containers have names.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

mod inside;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Host name of the container [default: that of the host]
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::main(|| create(&options))
}

fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let rootfs = options.root.resolve()?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        inside::set_name(options.hostname.as_deref())?;
        inside::set_root(&rootfs)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
