//! The same runtime, where the sidecar has one of its own, as two pods have: two processes over
//! one `--scratch`.
//!
//! Both containers are made before one of them starts: each waits for the other's sign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use chroot::RootOptions;
use clap::Parser;
use nix::mount::MsFlags;
use process::{
    CloneFlags, Command, CommandOptions, Container, Error, Process, Result, State, Step,
};

use layer::Layer;

mod layer;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

/// Set for the sidecar's runtime.
const ROLE: &str = "IS_SIDECAR";

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
    if std::env::var_os(ROLE).is_some() {
        return process::main(|| {
            let shell = ["sh", "-c", &options.sidecar].map(Into::into).into();
            let command = Command { argv: shell, ..options.command.resolve()? };
            let sidecar = create(&options, "sidecar", &command)?;
            give("/tmp/sidecar")?;
            wait_for("/tmp/main")?;
            Ok(sidecar)
        });
    }
    process::main(|| {
        let mut beside = std::process::Command::new("/proc/self/exe");
        beside.args(std::env::args_os().skip(1)).env(ROLE, "yes");
        beside.spawn().step(|| "start the sidecar's runtime")?;
        wait_for("/tmp/sidecar")?;
        let main = create(&options, "main", &options.command.resolve()?)?;
        give("/tmp/main")?;
        Ok(main)
    })
}

fn give(sign: &str) -> Result<()> {
    fs::write(sign, "").step(|| format!("write {sign}"))
}

fn wait_for(sign: &str) -> Result<()> {
    for _ in 0..2000 {
        if Path::new(sign).exists() {
            return Ok(());
        }
        sleep(Duration::from_millis(2));
    }
    Err(Error::new(format!("{sign} does not come")))
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
