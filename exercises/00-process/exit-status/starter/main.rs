//! The smallest runtime there is: it starts a command, waits for its end, and ends as it did.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use clap::Parser;

mod exit_code;

#[derive(Parser)]
struct Options {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<OsString>,
}

fn main() -> ExitCode {
    let Options { command } = Options::parse();
    let code = match Command::new(&command[0]).args(&command[1..]).status() {
        Ok(status) => exit_code::of_end(status),
        Err(error) => {
            eprintln!("error: start {}: {error}", command[0].display());
            exit_code::of_refusal(&error)
        }
    };
    ExitCode::from(code)
}
