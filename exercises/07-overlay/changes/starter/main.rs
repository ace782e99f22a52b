//! A small runtime that tells at the end what the container has changed.
//!
//! All of it is here but for the comparison, `changes::changes`, which is yours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use mount_ns::Root;
use nix::mount::{MsFlags, mount};
use process::{CloneFlags, CommandOptions, Container, Outcome, Part, Process, Result, State, Step};

mod changes;

const FLAGS: CloneFlags = CloneFlags::CLONE_NEWPID.union(CloneFlags::CLONE_NEWNS);

#[derive(Parser)]
struct Options {
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
    let layers = Layers { image: options.root.resolve()?, scratch: options.scratch.clone() };
    let state = State::create()?;

    let parent = |_| Ok(());
    let child = || {
        mount_ns::isolate()?;
        let root = layers.mount()?;
        root.mount("proc", "/proc", MsFlags::empty(), "")?;
        mount_ns::pivot(&root)
    };
    let process = Process::create(FLAGS, &command, parent, child)?;

    Container::new("exercise", &command, process, vec![Box::new(layers)], state)
}

#[derive(Debug)]
struct Layers {
    image: PathBuf,
    scratch: PathBuf,
}

impl Layers {
    fn mount(&self) -> Result<Root> {
        let [upper, work, merged] = ["upper", "work", "merged"].map(|name| self.scratch.join(name));
        for dir in [&upper, &work, &merged] {
            fs::create_dir_all(dir).step(|| format!("create {}", dir.display()))?;
        }
        let show = Path::display;
        let (lower, upper, work) = (show(&self.image), show(&upper), show(&work));
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
        mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(&*options))
            .step(|| "mount the overlay")?;
        Root::open(&merged)
    }
}

impl Part for Layers {
    fn report(&self, _: &mut Outcome) -> Result<()> {
        let mut lines = changes::changes(&self.scratch.join("upper"), &self.image)?; // yours
        lines.sort();
        lines.iter().for_each(|line| println!("{line}"));
        Ok(())
    }
}
