//! `attach`: the streams of a container that runs, in this terminal.

use std::io::stdin;

use nix::errno::Errno;
use nix::unistd::isatty;
use process::record::{self, Known, find_known};
use process::{Error, Result};

use super::client::Client;
use super::keys::DetachKeys;
use crate::{Ending, Launched, Life, Options, Status, stop};

/// How somebody is attached.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 11: attached")]
pub struct AttachOptions {
    /// The keys that leave it running and end this command [default: ctrl-p,ctrl-q]
    #[arg(long, value_name = "KEYS")]
    pub detach_keys: Option<DetachKeys>,

    /// Pass signals on to it, where it has no terminal of its own
    #[arg(
        long,
        value_name = "BOOL",
        action = clap::ArgAction::Set,
        default_value_t = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub sig_proxy: bool,
}

/// What becomes of our standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// It is the container's, if that was made to have one.
    Forwarded,
    /// It is left alone.
    Left,
}

/// How being attached has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The command has ended.
    Exited(Ending),
    /// Somebody pressed the keys for it.
    Detached,
    /// Nobody reads any more what we print.
    Unread,
}

impl Ended {
    /// What our own exit code is then.
    pub fn code(&self) -> u8 {
        match self {
            Self::Exited(ending) => ending.status.code(),
            Self::Detached => 0,
            // As of a program that such a pipe has ended.
            Self::Unread => 128 + 13,
        }
    }
}

impl Options {
    /// Refuses a terminal that nobody could type at.
    ///
    /// # Errors
    /// If it shall have one and our input, and that is none.
    pub fn check_terminal(&self) -> Result<()> {
        let anyway = &self.command.anyway;
        if anyway.tty && anyway.interactive && !self.life.detach && isatty(stdin()) != Ok(true) {
            return Err(Error::new("with -it, standard input has to be a terminal")
                .with_hint("leave -t out: a pipe or a file needs no terminal at the other end"));
        }
        Ok(())
    }
}

impl Launched {
    /// Attaches, starts it, and stays until it has ended: nothing that it says is lost.
    ///
    /// # Errors
    /// As [`Launched::start`], or if nobody knows how it has ended.
    pub fn attach(self, options: &AttachOptions, input: Input) -> Result<Ended> {
        let client = Client::come(&self.id, options, input)?;
        self.start()?;
        client.stay()
    }
}

/// Attaches to one that runs, and stays until it has ended.
///
/// # Errors
/// If it does not run, or nobody knows how it has ended.
pub fn attach(word: &str, options: &AttachOptions, input: Input) -> Result<Ended> {
    let it = find_known(word)?;
    let status = Life::of(&it)?.status;
    if status != Status::Running || !it.is_alive {
        return Err(not_running(&it, status));
    }
    match Client::come(&it.id, options, input) {
        // It has just ended.
        Err(error) if matches!(error.errno(), Some(Errno::ECONNREFUSED | Errno::ENOENT)) => {
            Err(not_running(&it, Status::Exited))
        }
        client => client?.stay(),
    }
}

fn not_running(it: &Known, status: Status) -> Error {
    let word = it.word();
    Error::new(format!("cannot attach to container {word}: it is not running"))
        .with_hint(match status {
            Status::Restarting => "it is about to be started again".to_owned(),
            _ => format!("lab start -a {word} starts it and attaches to it"),
        })
        .with_exit_code(Error::REFUSED)
}

/// The monitor has gone without a word: it was killed, or had none to say any more.
pub(super) fn how_it_has_ended(id: &str) -> Result<Ended> {
    let it = record::known_by_id(id)?;
    let code = it.map_or(Ok(None), |it| stop::wait(&it.id))?;
    let unknown = || Error::new(format!("nobody knows how container {id} has ended"));
    code.map(|code| Ended::Exited(Ending::of_code(code))).ok_or_else(unknown)
}
