//! A small runtime that gives its container a few capabilities only.
//!
//! All of it is here but for giving up the others, `capabilities::keep`, which is yours.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::mount::MsFlags;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step, Steps, User};

mod capabilities;
mod names;
mod sys;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// A capability that the container shall have
    #[arg(long, value_name = "NAME", value_parser = names::number)]
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
    inherit_all()?;

    let parent = |_| Ok(Vec::new());
    let child = |_| {
        mount_ns::isolate()?;
        let root = Root::bind(&image)?;
        root.mount("proc", "/proc", MsFlags::empty(), "")?;
        mount_ns::pivot(&root)
    };
    let become_user = |user: &User| {
        user.become_it()?;
        capabilities::keep(&options.keep) //     yours; exec comes next
    };
    let steps = Steps { parent, child, become_user };
    let process = Process::create_in_steps(FLAGS, &command, steps)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

/// What some service managers do for the programs they start.
fn inherit_all() -> Result<()> {
    let step = || "fill the inheritable and the ambient set";
    let sets = sys::capget().step(step)?;
    sys::capset(sys::Sets { inheritable: sets.permitted, ..sets }).step(step)?;
    let ours = (0..=sys::LAST).filter(|number| sets.permitted & 1 << number != 0);
    ours.into_iter().try_for_each(|number| sys::raise_ambient(number).step(step))
}
