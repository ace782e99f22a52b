//! `lab exec`: a command in a container that runs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use nix::unistd::{Pid, isatty};
use process::{AnywayOptions, Command, CommandOptions, Error, ExitStatus, Result};
use serde::{Deserialize, Serialize};

use crate::{Entrance, Target, detach};

/// What people type.
#[derive(Clone, Debug, clap::Args)]
#[command(
    override_usage = "lab exec [OPTIONS] NAME [--] COMMAND...\n       \
                      lab exec [OPTIONS] --pid N [--] COMMAND...",
    after_help = "The command has what the container's first process has, and ends with this \
                  one.\nIts exit code is returned; 126 and 127 mean that it could not be run, \
                  125 that lab failed.\n\n  lab exec web -- ps\n  lab exec -it -u 1000 web sh"
)]
pub struct ExecOptions {
    /// Keep standard input open; it always is, unless the command runs in the background
    #[arg(short, long)]
    pub interactive: bool,

    /// Fail if there is no terminal; if there is one, the command always has it
    #[arg(short, long)]
    pub tty: bool,

    /// Let the command run in the background
    #[arg(short, long)]
    pub detach: bool,

    /// Set an environment variable, or pass one of the host's on
    #[arg(short, long, value_name = "KEY[=VALUE]")]
    pub env: Vec<OsString>,

    /// Read environment variables from a file, one KEY[=VALUE] a line
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,

    /// Start in this directory of the container [default: that of its own command]
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<PathBuf>,

    /// Run as this user of the container [default: that of its own command]
    #[arg(short, long, value_name = "USER[:GROUP]")]
    pub user: Option<String>,

    /// Join this process of the host instead of a container of lab
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub pid: Option<i32>,

    /// The container's name or id, or the beginning of its id
    #[arg(value_name = "NAME", required = true)]
    pub name: Option<OsString>,

    /// The command and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<OsString>,
}

/// What shall run: nothing of the caller's is left in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The command in its surroundings.
    pub command: Command,
    /// Whether nobody waits for it.
    pub is_detached: bool,
}

impl ExecOptions {
    /// Finds who is to be joined.
    ///
    /// # Errors
    /// If there is no such container, or no such process.
    pub fn target(&self) -> Result<Target> {
        match (self.pid, &self.name) {
            (Some(pid), _) => Target::of_pid(Pid::from_raw(pid)),
            (None, name) => {
                let name = name.as_deref().unwrap_or_default().to_string_lossy();
                Target::of(&process::find(&name)?)
            }
        }
    }

    /// What the options mean in there.
    ///
    /// # Errors
    /// If there is no command, or no terminal where one is asked for, or an environment file
    /// cannot be read.
    pub fn resolve(&self, target: &Target) -> Result<Exec> {
        if self.tty && isatty(std::io::stdin()) != Ok(true) {
            let error = Error::new("the input device is not a TTY");
            return Err(error.with_exit_code(Error::REFUSED));
        }
        // Beside --pid, the first word is of the command.
        let first = self.name.clone().filter(|_| self.pid.is_some());
        let argv: Vec<_> = first.into_iter().chain(self.command.iter().cloned()).collect();
        if argv.is_empty() {
            return Err(Error::new("there is no command to run")
                .with_hint("it comes last: lab exec NAME -- sh"));
        }
        let typed = CommandOptions {
            name: None,
            env: self.env.clone(),
            env_file: self.env_file.clone(),
            workdir: self.workdir.clone(),
            user: self.user.clone(),
            entrypoint: None,
            anyway: AnywayOptions::default(),
            command: argv,
        };
        let mut command = typed.resolve()?;
        match target.recorded::<Command>("command")? {
            Some(theirs) => {
                command.workdir = command.workdir.or(theirs.workdir);
                command.user = command.user.or(theirs.user);
                command.env.splice(0..0, theirs.env);
            }
            None => drop(command.env.splice(0..0, environment(target, self.user.is_some())?)),
        }
        Ok(Exec { command, is_detached: self.detach })
    }
}

/// The environment that a process was started with; another user has another home.
fn environment(target: &Target, is_another: bool) -> Result<Vec<(OsString, OsString)>> {
    let text = target.read("environ")?;
    let variable = |pair: &[u8]| {
        let at = pair.iter().position(|&byte| byte == b'=').filter(|&at| at > 0)?;
        let (key, value) = (OsStr::from_bytes(&pair[..at]), pair[at + 1..].to_vec());
        Some((key.to_owned(), OsString::from_vec(value)))
    };
    let all = text.split(|&byte| byte == 0).filter_map(variable);
    Ok(all.filter(|(key, _)| !(is_another && key == "HOME")).collect())
}

/// Runs a command in a container to its end, or leaves it to itself.
///
/// # Errors
/// If it does not come to run; what it returns is a status, no error.
pub fn exec(options: &ExecOptions) -> Result<ExitStatus> {
    let target = options.target()?;
    let exec = options.resolve(&target)?;
    let entrance = Entrance::open(target)?;
    if exec.is_detached {
        return detach::detach(|| {
            let process = entrance.create(&exec.command)?;
            process.start()?;
            Ok(process)
        });
    }
    let mut process = entrance.create(&exec.command)?;
    process.start()?;
    process.wait()
}
