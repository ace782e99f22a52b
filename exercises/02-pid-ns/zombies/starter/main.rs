//! A small runtime with an init of its own: the command is PID 2 and the init PID 1.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

mod init;

#[derive(Parser)]
struct Options {
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
    let root = options.root.resolve()?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        chroot::enter(&root)?;
        init::split_off()
    };
    let process = Process::create(CloneFlags::CLONE_NEWPID, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
