//! A small runtime with users of its own.
//!
//! All of it is here but for the table of who is who, `maps::write_maps`, which is yours.

use std::process::ExitCode;
use std::str::FromStr;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::unistd::{Gid, Uid, setresgid, setresuid};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod maps;

const FLAGS: CloneFlags =
    CloneFlags::CLONE_NEWUSER.union(CloneFlags::CLONE_NEWPID).union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Users: the first one inside, the same one outside, how many
    #[arg(long, value_name = "INSIDE:OUTSIDE:COUNT", required = true)]
    uidmap: Vec<Range>,
    /// Groups
    #[arg(long, value_name = "INSIDE:OUTSIDE:COUNT", required = true)]
    gidmap: Vec<Range>,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

/// Ids that follow one another.
#[derive(Clone, Copy)]
struct Range {
    inside: u32,
    outside: u32,
    count: u32,
}

impl FromStr for Range {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut numbers = text.split(':').map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or("expected three numbers");
        Ok(Self { inside: next()?, outside: next()?, count: next()? })
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::main(|| create(&options))
}

fn create(options: &Options) -> Result<Container> {
    let command = options.command.resolve()?;
    let image = options.root.resolve()?;
    let state = State::create()?;

    let parent = |pid| maps::write_maps(pid, &options.uidmap, &options.gidmap); // yours
    let child = || {
        become_root()?;
        mount_ns::isolate()?;
        let root = Root::bind(&image)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

/// So far it is nobody, with all capabilities.
fn become_root() -> Result<()> {
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(group, group, group).step(|| "become group 0 of the container")?;
    setresuid(user, user, user).step(|| "become user 0 of the container")
}
