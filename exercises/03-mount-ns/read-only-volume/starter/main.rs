//! A small runtime with a mount table of its own, and volumes: directories of the host.
//!
//! All of it is here but for one step, `volume::show`, which is yours.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root};
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
    let command = options.command.command()?;
    let root = options.root.resolve()?;
    let target = root.join("data");
    std::fs::create_dir_all(&target).step(|| format!("create {}", target.display()))?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
            .step(|| "make all mounts private")?;
        mount(Some(&root), &root, nothing, MsFlags::MS_BIND, nothing)
            .step(|| format!("bind {} onto itself", root.display()))?;
        volume::show(&options.source, &target)?; //     yours
        pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

fn pivot(root: &Path) -> Result<()> {
    chdir(root).step(|| format!("change to {}", root.display()))?;
    pivot_root(".", ".").step(|| "pivot_root")?;
    umount2(".", MntFlags::MNT_DETACH).step(|| "detach the host's root")?;
    chdir("/").step(|| "change to the new root")
}
