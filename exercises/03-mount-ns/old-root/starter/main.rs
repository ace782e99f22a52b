//! A small runtime: a process tree, a mount table and a root of its own.
//!
//! `pivot::pivot` is where the host's tree leaves the container's table.

use std::path::Path;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::{MsFlags, mount};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod pivot;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
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
    let root = options.root.resolve()?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        make_private()?;
        bind(&root)?; //                 pivot_root wants a mount point
        mount_proc(&root)?;
        pivot::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

/// Nothing that is mounted from here on reaches the host.
fn make_private() -> Result<()> {
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
        .step(|| "make all mounts private")
}

fn bind(root: &Path) -> Result<()> {
    let nothing = None::<&str>;
    mount(Some(root), root, nothing, MsFlags::MS_BIND, nothing)
        .step(|| format!("bind {} onto itself", root.display()))
}

fn mount_proc(root: &Path) -> Result<()> {
    mount(Some("proc"), &root.join("proc"), Some("proc"), MsFlags::empty(), None::<&str>)
        .step(|| "mount /proc")
}
