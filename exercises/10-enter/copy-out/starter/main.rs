//! A container, and somebody outside who reads a file of it.
//!
//! All of it is here but for opening the file, `open::open_inside`, which is yours.

use std::io::{copy, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use process::{CommandOptions, Result, Step};

mod container;
mod open;

#[derive(Parser)]
struct Options {
    /// The file that is read, by its path in the container
    #[arg(long, value_name = "PATH")]
    read: PathBuf,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            125.into()
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let command = options.command.resolve()?;
    let root = options.root.resolve()?;
    let first = container::start(&root, "web", &command, None)?;
    let mut file = open::open_inside(first.pid(), &options.read)?; //      yours
    copy(&mut file, &mut stdout()).step(|| "read it").map(|_| ())
}
