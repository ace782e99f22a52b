//! A small runtime that gives each container so much memory and no more.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Part, Process, Result, State};

mod cgroup;
mod limits;
mod trees;

use cgroup::Cgroup;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Memory, in bytes [default: as much as the host has]
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
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
    let cgroup = Cgroup::create("memory", state.id())?;
    if let Some(bytes) = options.memory {
        limits::set_memory(&cgroup, bytes)?; //           yours
    }

    let parent = |pid| cgroup.join(pid); //               while the child waits
    let child = || {
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup)];
    Container::new("exercise", &command, process, parts, state)
}
