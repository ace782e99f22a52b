//! A small runtime for two containers of one image: the command, and a sidecar that lives
//! as long as the command does.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::MsFlags;
use process::{CloneFlags, Command, CommandOptions, Container, Process, Result, State, Step};

use layer::Layer;

mod layer;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// What the sidecar's shell runs
    #[arg(long, value_name = "COMMAND")]
    sidecar: String,
    /// Where the containers' own layers are kept
    #[arg(long, value_name = "DIR")]
    scratch: PathBuf,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // Dropped after the command has ended, and the sidecar ends with that.
    let mut beside = None;
    process::main(|| {
        let command = options.command.resolve()?;
        let shell = ["sh", "-c", &options.sidecar].map(Into::into).into();
        let sidecar = create(&options, "sidecar", &Command { argv: shell, ..command.clone() })?;
        let main = create(&options, "main", &command)?;
        sidecar.process().start()?;
        beside = Some(sidecar);
        Ok(main)
    })
}

fn create(options: &Options, name: &str, command: &Command) -> Result<Container> {
    let image = options.root.resolve()?;
    let state = State::create()?;
    let layer = Layer::create(&options.scratch, image, state.id())?;

    let parent = |_| Ok(());
    let child = || {
        mount_ns::isolate()?;
        let root = layer.mount()?;
        let hostname = layer.merged().join("etc/hostname");
        fs::write(&hostname, format!("{name}\n")).step(|| "write /etc/hostname")?;
        root.mount("proc", "/proc", MsFlags::empty(), "")?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, command, parent, child)?;

    Container::new("exercise", command, process, vec![Box::new(layer)], state)
}
