//! A small runtime with users of its own, and fresh directories for them.

use std::fs;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::unistd::Pid;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod inside;

const FLAGS: CloneFlags =
    CloneFlags::CLONE_NEWUSER.union(CloneFlags::CLONE_NEWPID).union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Who root in the container is on the host; a thousand ids follow
    #[arg(long, value_name = "ID")]
    first: u32,
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
    let image = options.root.resolve()?;
    let state = State::create()?;

    // The child waits until both maps are written.
    let parent = |pid| write_maps(pid, options.first);
    let child = || inside::build(&image);
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

fn write_maps(pid: Pid, first: u32) -> Result<()> {
    ["uid_map", "gid_map"].into_iter().try_for_each(|file| {
        fs::write(format!("/proc/{pid}/{file}"), format!("0 {first} 1000\n"))
            .step(|| format!("write {file} of {pid}"))
    })
}
