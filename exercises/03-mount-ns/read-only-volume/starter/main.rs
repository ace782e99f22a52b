//! A small runtime with a mount table of its own, and volumes: directories of the host.
//!
//! All of it is here but for one step, `volume::show`, which is yours. The root is entered
//! by chroot, as in chapter 1; the mounts are what matters here.

use std::path::PathBuf;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::{MsFlags, mount};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod volume;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    root: RootOptions,
    /// The directory of the host to be shown
    #[arg(long, value_name = "DIR")]
    source: PathBuf,
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
    let target = root.join("data");
    std::fs::create_dir_all(&target).step(|| format!("create {}", target.display()))?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
            .step(|| "make all mounts private")?;
        volume::show(&options.source, &target)?; //     yours
        chroot::enter(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
