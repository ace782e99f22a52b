//! What to run, and in which surroundings: the options that every chapter has.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, stdin, stdout};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::unistd::{gethostname, isatty};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Step, bytes, record};

/// Where commands are looked up unless `-e PATH=…` says otherwise; Docker's value.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The most that an environment file has, in bytes: more than execve(2) takes.
const LARGEST_FILE: u64 = 8 << 20;

/// What some editors write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The command-line options of chapter 0.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 00: the process")]
pub struct CommandOptions {
    /// Name the container
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Set an environment variable, or pass one of the host's on
    #[arg(short, long, value_name = "KEY[=VALUE]")]
    pub env: Vec<OsString>,

    /// Read environment variables from a file, one KEY[=VALUE] a line
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,

    /// Start in this directory of the container
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<PathBuf>,

    /// Run as this user of the container
    #[arg(short, long, value_name = "USER[:GROUP]")]
    pub user: Option<String>,

    /// Run this program, with the COMMAND as its arguments
    #[arg(long, value_name = "PROGRAM")]
    pub entrypoint: Option<OsString>,

    /// What is so in any case.
    #[command(flatten)]
    pub anyway: AnywayOptions,

    /// The command and its arguments [default: sh]
    #[arg(value_name = "COMMAND", trailing_var_arg = true)]
    pub command: Vec<OsString>,
}

/// Options of Docker's for what is always so here: the command has the caller's terminal, and
/// its container goes with it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AnywayOptions {
    /// Read from the caller's standard input
    #[arg(short, long, hide = true, overrides_with = "interactive")]
    pub interactive: bool,

    /// Have a terminal
    #[arg(short, long, hide = true, overrides_with = "tty")]
    pub tty: bool,

    /// Remove the container when its command has ended
    #[arg(long, hide = true, overrides_with = "rm")]
    pub rm: bool,
}

impl CommandOptions {
    /// The program and its arguments; `--entrypoint ""` is as good as none.
    pub fn argv(&self) -> Vec<OsString> {
        let entrypoint = self.entrypoint.iter().filter(|program| !program.is_empty());
        let argv: Vec<_> = entrypoint.chain(&self.command).cloned().collect();
        if argv.is_empty() { vec!["sh".into()] } else { argv }
    }

    /// Reads what the options name on the host, while we are still there.
    ///
    /// # Errors
    /// If the name is taken, an environment file cannot be read or a variable has no
    /// name.
    pub fn resolve(&self) -> Result<Command> {
        self.name.as_deref().map_or(Ok(()), check_name)?;
        let mut env = Vec::new();
        if isatty(stdin()) == Ok(true) || isatty(stdout()) == Ok(true) {
            // The container draws on the caller's own terminal, so its type is the one thing
            // of the host's environment that it has to know.
            env.push(("TERM".into(), std::env::var_os("TERM").unwrap_or_else(|| "xterm".into())));
        }
        for file in &self.env_file {
            env.extend(variables(file)?);
        }
        for setting in &self.env {
            env.extend(variable(setting)?);
        }
        Ok(Command {
            name: self.name.clone(),
            argv: self.argv(),
            env,
            workdir: self.workdir.clone(),
            user: self.user.clone(),
        })
    }
}

/// A command, ready to become a process: nothing of the caller's is left in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The container's name, if it was given one.
    pub name: Option<String>,
    /// The program and its arguments; never empty.
    #[serde(with = "bytes")]
    pub argv: Vec<OsString>,
    /// Variables that were asked for, the later of two winning.
    #[serde(with = "bytes")]
    pub env: Vec<(OsString, OsString)>,
    /// The directory to start in; the root's top if there is none.
    #[serde(with = "bytes")]
    pub workdir: Option<PathBuf>,
    /// `user[:group]`, by name or number.
    pub user: Option<String>,
}

impl Command {
    /// The whole environment: a few defaults, nothing of the host's, then what was
    /// asked for.
    pub(crate) fn environment(&self, home: &Path) -> Result<Vec<(OsString, OsString)>> {
        let mut env: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), DEFAULT_PATH.into()),
            ("HOSTNAME".into(), gethostname().step(|| "ask for the host name")?),
            ("HOME".into(), home.into()),
        ];
        for (key, value) in &self.env {
            env.retain(|(earlier, _)| earlier != key);
            env.push((key.clone(), value.clone()));
        }
        Ok(env)
    }
}

/// A name means one running container at most, and cannot be taken for an option or
/// a path.
fn check_name(name: &str) -> Result<()> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(is_word) {
        return Err(Error::new(format!("invalid container name: {name}"))
            .with_hint("letters and digits, and after the first also `_`, `.` and `-`"));
    }
    record::check_is_free(name)
}

/// A file of variables, with what editors of other systems leave in it. It may be a pipe.
fn variables(path: &Path) -> Result<Vec<(OsString, OsString)>> {
    let step = || format!("read the environment file {}", path.display());
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut text))
        .step(step)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(Error::new(format!("{}: it is larger than 8 MiB", step())));
    }
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let mut env = Vec::new();
    for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_start();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let wrong = |why: &str| Error::new(format!("{}: line {number}: {why}", step()));
        let name = line.split(|&byte| byte == b'=').next().unwrap_or_default();
        if name.is_empty() {
            return Err(wrong("there is no name before the ="));
        }
        if name.iter().any(u8::is_ascii_whitespace) {
            return Err(wrong("a name has no white space in it, nor before the ="));
        }
        if line.contains(&0) {
            return Err(wrong("a variable has no NUL byte in it"));
        }
        env.extend(variable(OsStr::from_bytes(line))?);
    }
    Ok(env)
}

/// `KEY=VALUE`, or `KEY` for the host's value, which may not be there.
fn variable(setting: &OsStr) -> Result<Option<(OsString, OsString)>> {
    let bytes = setting.as_bytes();
    let (key, value) = match bytes.iter().position(|&byte| byte == b'=') {
        Some(at) => (&bytes[..at], Some(OsString::from_vec(bytes[at + 1..].to_vec()))),
        None => (bytes, std::env::var_os(setting)),
    };
    if key.is_empty() {
        return Err(Error::new(format!("invalid environment variable: {}", setting.display())));
    }
    let key = OsString::from_vec(key.to_vec());
    Ok(value.map(|value| (key, value)))
}
