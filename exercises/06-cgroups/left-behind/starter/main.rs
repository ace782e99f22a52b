//! A small runtime that limits memory and processes.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Part, Process, Result, State};

mod cgroup;
mod trees;

use cgroup::Cgroup;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Processes and threads, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pids_limit: u64,
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
    // From here on, whatever fails drops the cgroup.
    let cgroup = Cgroup::create(&["memory", "pids"], state.id())?;
    cgroup.write("pids.max", options.pids_limit)?;

    let parent = |pid| cgroup.join(pid);
    let child = || {
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    // The container drops its process first, then its parts.
    let parts: Vec<Box<dyn Part>> = vec![Box::new(cgroup)];
    Container::new("exercise", &command, process, parts, state)
}
