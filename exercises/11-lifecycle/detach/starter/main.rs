//! A runtime that does not stay: it starts a command, says so, and ends.
//!
//! All of it is here but for letting go, `detach::detach`, which is yours.

use std::ffi::CString;
use std::fs::File;
use std::io::{ErrorKind, stdout};
use std::os::fd::AsRawFd;
use std::process::ExitCode;

use clap::Parser;
use nix::errno::Errno;
use nix::unistd::{Pid, dup, setpgid};
use process::{Error, Result, Step};

mod detach;

#[derive(Parser)]
struct Options {
    /// How it is called. There is one of a name at a time
    #[arg(long)]
    name: String,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code().into()
        }
    }
}

fn run(options: &Options) -> Result<()> {
    // As a shell with job control does for whatever is typed. Where it has been done, nothing changes.
    let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    // As a script may have left one open, by `exec 9>&1`.
    let stray = dup(stdout()).step(|| "copy a descriptor")?;
    let lock = take_lock(&options.name)?;
    // An argument of a program cannot contain a NUL.
    let words = options.command.iter().cloned();
    let command: Vec<CString> = words.filter_map(|word| CString::new(word).ok()).collect();
    detach::detach(&command, lock).map_err(|error| {
        let code = if error.kind() == ErrorKind::NotFound { 127 } else { 126 };
        Error::new(format!("exec {}: {error}", options.command[0])).with_exit_code(code)
    })?;
    drop(stray);
    println!("started {}", options.name);
    Ok(())
}

/// The lock by which a name is known to be in use. It is closed on exec, as all of Rust's files.
fn take_lock(name: &str) -> Result<File> {
    let path = format!("/run/{name}.lock");
    let file = File::create(&path).step(|| format!("create {path}"))?;
    // SAFETY: the descriptor is open.
    let taken = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
    match Errno::result(taken) {
        Err(Errno::EWOULDBLOCK) => Err(Error::new(format!("{name} is running already"))),
        taken => taken.step(|| format!("lock {path}")).map(|_| file),
    }
}
