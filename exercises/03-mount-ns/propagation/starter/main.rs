//! A small runtime: a mount table of its own, with the host's devices, and shared memory
//! that is the container's alone.
//!
//! Its root is entered by chroot, as in chapter 1; the mounts are what matters here.

use std::path::Path;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::{MsFlags, mount};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod isolate;

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
        isolate::isolate()?;
        bind("/dev".as_ref(), &root.join("dev"))?;
        mount(Some("shm"), &root.join("dev/shm"), Some("tmpfs"), MsFlags::empty(), None::<&str>)
            .step(|| "mount /dev/shm")?;
        chroot::enter(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

/// With all that is mounted below it.
fn bind(from: &Path, to: &Path) -> Result<()> {
    let nothing = None::<&str>;
    mount(Some(from), to, nothing, MsFlags::MS_BIND | MsFlags::MS_REC, nothing)
        .step(|| format!("bind {} on {}", from.display(), to.display()))
}
