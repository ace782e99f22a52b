//! A small runtime that gives each container so much time of the processors.

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
    /// Time, in processors: 0.5 is half of one [default: all there is]
    #[arg(long, value_name = "NUMBER")]
    cpus: Option<f64>,
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
    let cgroup = Cgroup::create("cpu", state.id())?;
    if let Some(cpus) = options.cpus {
        limits::set_cpus(&cgroup, cpus)?; //              yours
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
