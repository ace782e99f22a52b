//! A small runtime that ordinary users may call, by way of a helper with root's rights.

use std::process::ExitCode;
use std::str::FromStr;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod helper;

const FLAGS: CloneFlags =
    CloneFlags::CLONE_NEWUSER.union(CloneFlags::CLONE_NEWPID).union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Who has called us
    #[arg(long, value_name = "UID:GID")]
    caller: Caller,
    /// Another group that the caller is in
    #[arg(long, value_name = "GID")]
    member: Vec<u32>,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

/// An ordinary user.
#[derive(Clone, Copy)]
struct Caller {
    uid: u32,
    gid: u32,
}

impl FromStr for Caller {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (uid, gid) = text.split_once(':').ok_or("expected UID:GID")?;
        let number = |text: &str| text.parse().map_err(|_| "expected numbers");
        Ok(Self { uid: number(uid)?, gid: number(gid)? })
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
    // What the login has done for them; a container is born into its parent's groups.
    let groups: Vec<Gid> = options.member.iter().map(|&gid| Gid::from_raw(gid)).collect();
    setgroups(&groups).step(|| "join the caller's groups")?;

    let parent = |pid| helper::write_maps(pid, options.caller);
    let child = || {
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(group, group, group).step(|| "become group 0 of the container")?;
        setresuid(user, user, user).step(|| "become user 0 of the container")?;
        mount_ns::isolate()?;
        let root = Root::bind(&image)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
