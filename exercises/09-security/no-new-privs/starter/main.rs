//! A small runtime that forbids its container some system calls.
//!
//! All of it is here but for the last step, `seal::seal`, which is yours.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::mount::MsFlags;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step, Steps, User};

mod filters;
mod seal;
mod sys;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Something that the container shall not do
    #[arg(long, value_enum, value_name = "WHAT")]
    forbid: Vec<filters::Deed>,
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
    let exceptions: Vec<_> = options.forbid.iter().map(|deed| filters::without(*deed)).collect();
    let last = filters::without_filters();

    let parent = |_| Ok(Vec::new());
    let child = |_| {
        mount_ns::isolate()?;
        let root = Root::bind(&image)?;
        root.mount("proc", "/proc", MsFlags::empty(), "")?;
        mount_ns::pivot(&root)
    };
    let become_user = |user: &User| {
        user.become_it()?;
        sys::drop_capabilities().step(|| "give up all capabilities")?;
        seal::seal(&exceptions, &last) //       yours; exec comes next
    };
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(FLAGS, &command, steps)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
