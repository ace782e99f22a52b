//! A small runtime: processes, mounts and a root of its own, and soon a name.
//!
//! Two of its steps are yours: which namespaces a name needs, and the name itself.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use process::{CloneFlags, CommandOptions, Container, Process, Result, State};

mod names;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
    /// Host name of the container [default: its id]
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
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
    let rootfs = options.root.resolve()?;
    let state = State::create()?;
    let name = options.hostname.as_deref().unwrap_or(state.id());

    let parent = |_| Ok(());
    let child = || {
        mount_ns::isolate()?;
        let root = Root::bind(&rootfs)?;
        mount_ns::mount_filesystems(&root)?;
        names::set(name, &rootfs, state.dir())?; //       yours
        mount_ns::pivot(&root)
    };
    let flags = FLAGS | names::namespaces(); //           yours
    let process = Process::create(flags, &command, parent, child)?;

    Container::new("exercise", &command, process, Vec::new(), state)
}
