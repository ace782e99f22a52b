//! A small runtime whose root is made of layers.
//!
//! All of it is here but for the mount itself, `layers::mount_layers`, which is yours.

use std::path::PathBuf;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod layers;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Another layer above the image; the last one is the topmost
    #[arg(long, value_name = "DIR")]
    layer: Vec<PathBuf>,
    /// Where the container's own layer is kept
    #[arg(long, value_name = "DIR")]
    scratch: PathBuf,
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
    let mut lower = vec![options.root.resolve()?];
    lower.extend(options.layer.iter().cloned());
    let scratch = &options.scratch;
    std::fs::create_dir_all(scratch).step(|| format!("create {}", scratch.display()))?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        mount_ns::isolate()?;
        let merged = layers::mount_layers(&lower, scratch)?; //  yours
        let root = Root::open(&merged)?;
        mount_ns::mount_filesystems(&root)?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
