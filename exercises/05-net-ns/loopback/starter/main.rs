//! A small runtime with a choice: a network of the container's own, or the host's.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

mod network;
mod sys;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Which network the container has
    #[arg(long, value_enum, value_name = "MODE", default_value = "none")]
    network: network::Mode,
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
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)?;
        network::configure(options.network) //                   yours
    };
    let flags = FLAGS | network::namespaces(options.network); // yours
    let process = Process::create(flags, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
