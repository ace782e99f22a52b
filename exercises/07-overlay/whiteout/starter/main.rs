//! A small runtime that unpacks a layer and lays it over an image.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::mount::{MsFlags, mount};
use process::{CloneFlags, CommandOptions, Container, Process, Result, State, Step};

mod apply;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// The files of a layer, as they are in its archive
    #[arg(long, value_name = "DIR")]
    layer: PathBuf,
    /// Where layers are unpacked
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
    let image = options.root.resolve()?;
    let scratch = &options.scratch;
    let [layer, upper, work, merged] =
        ["layer", "upper", "work", "merged"].map(|name| scratch.join(name));
    for dir in [&layer, &upper, &work, &merged] {
        fs::create_dir_all(dir).step(|| format!("create {}", dir.display()))?;
    }
    apply::apply(&options.layer, &layer)?;
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        mount_ns::isolate()?;
        let root = mount_over(&[&layer, &image], &upper, &work, &merged)?;
        root.mount("proc", "/proc", MsFlags::empty(), "")?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}

/// The layers as one tree; the topmost of `lower` comes first.
fn mount_over(lower: &[&Path], upper: &Path, work: &Path, merged: &Path) -> Result<Root> {
    let lower: Vec<_> = lower.iter().map(|dir| dir.display().to_string()).collect();
    let (lower, upper, work) = (lower.join(":"), upper.display(), work.display());
    let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
    mount(Some("overlay"), merged, Some("overlay"), MsFlags::empty(), Some(&*options))
        .step(|| "mount the overlay")?;
    Root::open(merged)
}
