//! A small runtime with a cable from the host into the container.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

mod cable;
mod links;

const FLAGS: CloneFlags =
    CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS).union(CloneFlags::CLONE_NEWNET);

#[derive(Parser)]
struct Options {
    /// Address of the host on the cable
    #[arg(long)]
    gateway: Ipv4Addr,
    /// Address of the container, in the same /24
    #[arg(long)]
    address: Ipv4Addr,
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
    let plan = cable::Plan { gateway: options.gateway, address: options.address };

    let parent = |pid| cable::attach(plan, pid); //       on the host, while the child waits
    let child = || {
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)?;
        cable::configure_inside(plan) //                  in the container
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
