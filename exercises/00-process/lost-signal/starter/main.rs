//! A small runtime that passes signals on: who kills the runtime means the command.

use std::ffi::CString;
use std::process::ExitCode;

use clap::Parser;
use nix::unistd::{ForkResult, execvp, fork};

mod signals;

use signals::Signals;

#[derive(Parser)]
struct Options {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

fn main() -> nix::Result<ExitCode> {
    let words = Options::parse().command.into_iter();
    // An argument of a program cannot contain a NUL.
    let command: Vec<CString> = words.filter_map(|word| CString::new(word).ok()).collect();

    // Before the fork: else a signal that comes right after it would end the runtime alone.
    let signals = Signals::block()?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }? {
        ForkResult::Child => {
            signals.release()?;
            let Err(errno) = execvp(&command[0], &command);
            eprintln!("error: exec {}: {errno}", command[0].to_string_lossy());
            Ok(ExitCode::from(127))
        }
        ForkResult::Parent { child } => Ok(ExitCode::from(signals.pass_on_until_end(child)?)),
    }
}
