//! A small runtime that finds its containers an address by itself.

use std::path::Path;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Part, Process, Result, State};

mod links;
mod pool;
mod subnet;

use pool::Claim;
use subnet::Subnet;

/// Who has which address: a file for each that is taken.
const CLAIMS: &str = "/run/addresses";

const FLAGS: CloneFlags =
    CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS).union(CloneFlags::CLONE_NEWNET);

#[derive(Parser)]
struct Options {
    /// The addresses to choose from, such as 10.1.2.0/24
    #[arg(long)]
    subnet: Subnet,
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
    let claim = pool::take(Path::new(CLAIMS), options.subnet)?; // yours

    let parent = |pid| {
        links::lay_cable("lab-cable", "lab-end")?;
        links::move_to("lab-end", pid)
    };
    let child = || {
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)?;
        links::rename("lab-end", "eth0")?;
        links::add_address("eth0", claim.address, options.subnet.prefix)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    // The container keeps its claim, and drops it when it ends.
    let parts: Vec<Box<dyn Part>> = vec![Box::new(claim)];
    Container::new("exercise", &command, process, parts, state)
}

impl Part for Claim {}
