//! A container with little power, and a second program that comes in later with much of it.
//!
//! All of it is here but for giving that up, `powers`, which is yours.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use process::{CommandOptions, Result, Step, User};

mod container;
mod inside;
mod powers;
mod sys;

use powers::Powers;

#[derive(Parser)]
struct Options {
    /// A capability that the container keeps
    #[arg(long, value_name = "NAME", value_parser = sys::number)]
    keep: Vec<u8>,
    /// Nobody in the container gets more by an exec
    #[arg(long)]
    no_new_privs: bool,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("error: {error}");
            125.into()
        }
    }
}

fn run(options: &Options) -> Result<u8> {
    let command = options.command.resolve()?;
    let root = options.root.resolve()?;
    // The first terminal.
    let become_user = |user: &User| {
        user.become_it()?;
        confine(options)
    };
    let first = container::start_confined(&root, "web", &command, None, become_user)?;
    // The second one.
    container::later(&command, || {
        inherit_all()?;
        let powers = Powers::of(first.pid())?; //       yours, outside
        inside::enter(first.pid())?;
        powers.take_over() //                           yours, inside; exec comes next
    })
}

/// What chapter 9 does to a container's first process.
fn confine(options: &Options) -> Result<()> {
    for number in (0..=sys::LAST).filter(|number| !options.keep.contains(number)) {
        match sys::drop_from_bounding_set(number) {
            Err(nix::errno::Errno::EINVAL) => {} // this kernel has none of that number
            dropped => dropped.step(|| format!("drop capability {number}"))?,
        }
    }
    if options.no_new_privs {
        sys::set_no_new_privs().step(|| "set no_new_privs")?;
    }
    let kept = options.keep.iter().fold(0, |set, number| set | 1 << number);
    sys::clear_ambient().step(|| "clear the ambient set")?;
    sys::capset(sys::Sets { effective: kept, permitted: kept, inheritable: 0 })
        .step(|| "give up capabilities")
}

/// What some service managers do for the programs they start.
fn inherit_all() -> Result<()> {
    let step = || "fill the inheritable and the ambient set";
    let sets = sys::capget().step(step)?;
    sys::capset(sys::Sets { inheritable: sets.permitted, ..sets }).step(step)?;
    let ours = (0..=sys::LAST).filter(|number| sets.permitted & 1 << number != 0);
    ours.into_iter().try_for_each(|number| sys::raise_ambient(number).step(step))
}
