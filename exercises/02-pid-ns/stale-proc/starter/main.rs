//! A small runtime: a process tree of its own, and a /proc to look at it.
//!
//! The mount table is the container's own already, as chapter 3 will explain: so the host
//! does not see what is mounted here.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::{MsFlags, mount};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod proc;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

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
        make_private()?;
        proc::mount_on(&root.join("proc"))?;
        chroot::enter(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

/// Nothing that is mounted from here on reaches the host.
fn make_private() -> Result<()> {
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
        .step(|| "make all mounts private")
}
