//! A small runtime whose containers have no capabilities.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::mount::MsFlags;
use pid_ns::PidOptions;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Steps, User};

mod confine;
mod sys;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    pid: PidOptions,
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

    let parent = |_| Ok(Vec::new());
    let child = |_| {
        mount_ns::isolate()?;
        let root = Root::bind(&image)?;
        root.mount("proc", "/proc", MsFlags::empty(), "")?;
        mount_ns::pivot(&root)
    };
    let become_user = |user: &User| confine::confine(user, &options.pid);
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(FLAGS, &command, steps)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
