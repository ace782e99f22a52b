//! The runtime of chapter 11 as a program of its own: a small Docker.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lifecycle::{Command, Input, Options, create, launch};
use process::container::note;
use process::{Error, Result};
use user_ns::rootless::{become_root, enter};

/// Make containers that outlive this command, and look after them
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Typed,
}

#[derive(Subcommand)]
enum Typed {
    /// Make a container, and run a command in it
    Run(Box<Options>),
    /// Make a container, and do not start it
    Create(Box<Options>),
    #[command(flatten)]
    Other(Command),
}

fn main() -> ExitCode {
    if let Some(code) = lifecycle::monitor() {
        return code;
    }
    let cli = Cli::parse();
    match run(&cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: &Typed) -> Result<u8> {
    match command {
        Typed::Create(options) => {
            become_root(&options.network, note)?;
            say(create(options)?.full_id());
            Ok(0)
        }
        Typed::Run(options) => {
            options.check_terminal()?;
            become_root(&options.network, note)?;
            let state = create(options)?;
            let id = state.full_id().to_owned();
            let held = launch(state)?;
            if options.life.detach {
                held.start()?;
                say(&id);
                return Ok(0);
            }
            held.attach(&options.attach, Input::Forwarded).map(|ended| ended.code())
        }
        Typed::Other(command) => {
            // An ordinary user's containers are in that user's world (chapter 8).
            if let Some(world) = command.world().filter(|_| !process::is_privileged()) {
                enter(world, note)?;
            }
            command.run(say, tell)
        }
    }
}

fn say(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

fn tell(error: &Error) {
    let _ = writeln!(stderr(), "error: {error}");
    if let Some(hint) = error.hint() {
        let _ = writeln!(stderr(), "hint: {hint}");
    }
}
