//! A small runtime whose containers have no capabilities but those that are named.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::mount::MsFlags;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step, Steps, User};

mod bounding;
mod sys;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// The number of a capability that the container shall have
    #[arg(long, value_name = "NUMBER")]
    keep: Vec<u8>,
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
        mount_ns::pivot(&root)?;
        sys::get_ready().step(|| "get ready to change capabilities")
    };
    let become_user = |user: &User| {
        bounding::bound(&options.keep)?;
        user.become_it()?;
        // The exec that comes next gives root what is in the bounding set.
        let sets = sys::Sets { effective: 0, permitted: 0, inheritable: 0 };
        sys::capset(sets).step(|| "give up capabilities")
    };
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(FLAGS, &command, steps)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
