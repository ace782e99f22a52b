//! A small runtime that writes down who runs, and how it ended.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use clap::Parser;

mod record;

use record::Record;

#[derive(Parser)]
struct Options {
    /// The container's name
    #[arg(long)]
    name: String,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<OsString>,
}

fn main() -> io::Result<ExitCode> {
    let Options { name, command } = Options::parse();
    let record = Record::begin(&name)?;
    let status = Command::new(&command[0]).args(&command[1..]).status()?;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    record.finish(code)?;
    Ok(ExitCode::from(code as u8))
}
