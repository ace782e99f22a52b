//! An attack, and the container that it is aimed at: made by `lab run`, as a user would, for
//! one attack each.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use process::{Error, Result, Step};

use super::cell::Finding;
use super::places::{IMAGE, LAB};
use crate::chapters::Chapter;

/// How long one container may take; most take some 20 ms, emulated ones a few seconds.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The chapter that brings networks.
const NETWORK: usize = 5;

/// One way to get at the host.
pub struct Attack {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it does, as the table has it: at most 34 columns.
    pub title: &'static str,
    /// How it goes about it.
    pub tries: &'static str,
    /// What stops it, and why not sooner.
    pub why: &'static str,
    /// Where to read on.
    pub reference: &'static str,
    /// The chapter that stops it.
    pub stopped_by: usize,
    /// The host's side: prepares a victim, lets the attacker loose, looks what happened.
    pub run: fn(&Target<'_>) -> Result<Finding>,
    /// The attacker's side, in the container, with the words that `run` passes.
    pub inside: fn(&[String]) -> Result<String>,
}

/// What one attack is aimed at.
pub struct Target<'a> {
    /// The attack.
    pub attack: &'a Attack,
    /// Whose container it is.
    pub chapter: &'static Chapter,
    /// What nobody but the sandbox host knows: who can tell it has read it there.
    pub secret: &'a str,
}

/// What the attacker said of how it went; believed only where it cannot be seen.
pub struct Said(pub Result<String, String>);

impl Said {
    /// The cell, when the host has seen whether harm was done.
    pub fn judged(self, has_harmed: bool, harm: &str) -> Finding {
        match (has_harmed, self.0) {
            (true, _) => Finding::Works(harm.to_owned()),
            (false, Ok(_)) => Finding::Blocked("it had no effect on the host".to_owned()),
            (false, Err(why)) => Finding::Blocked(why),
        }
    }

    /// The cell, when success is to have read a secret.
    pub fn has_read(self, secret: &str, what: &str) -> Finding {
        match self.0 {
            Ok(text) if text.contains(secret) => Finding::Works(format!("it read {what}")),
            Ok(_) => Finding::Blocked(format!("{what} was not in what it found")),
            Err(why) => Finding::Blocked(why),
        }
    }

    /// The cell, where the kernel's consent is all there is to be seen.
    pub fn granted(self) -> Finding {
        match self.0 {
            Ok(what) => Finding::Works(what),
            Err(why) => Finding::Blocked(why),
        }
    }
}

impl Target<'_> {
    /// Attacks with no more than a question to the kernel, whose consent is the success.
    ///
    /// What the sandbox host may not do itself (there are hosts without modules) proves
    /// nothing about a container.
    ///
    /// # Errors
    /// As [`Self::attack`].
    pub fn attack_if_host_may(&self, words: &[String]) -> Result<Finding> {
        match self.host_may_not(words) {
            Some(why_not) => Ok(why_not),
            None => self.attack(&[], words).map(Said::granted),
        }
    }

    /// Whether the sandbox host fails as well at what the attacker is going to do.
    pub fn host_may_not(&self, words: &[String]) -> Option<Finding> {
        let why = (self.attack.inside)(words).err()?;
        Some(Finding::NotApplicable(format!("not even the host may: {why}")))
    }

    /// Lets the attacker loose in a container made with `options`, and waits for its end.
    ///
    /// # Errors
    /// If there is no such container on this host, or no end of it.
    pub fn attack<S: AsRef<OsStr>>(&self, options: &[&str], words: &[S]) -> Result<Said> {
        self.wait(self.start(self.prepare(LAB, options, LAB, words))?)
    }

    /// The same, for attacks that have something to do before or meanwhile: `runtime` makes
    /// a container with `options`, and in it `program` is the attacker.
    pub fn prepare<S: AsRef<OsStr>>(
        &self,
        runtime: &str,
        options: &[&str],
        program: &str,
        words: &[S],
    ) -> Command {
        let mut command = Command::new(runtime);
        // Other cells run at the same time, and none may tidy up after this one: a container
        // whose runtime has been killed may be the attacker's.
        command.args([
            "run",
            "--no-sweep",
            "--view",
            "none",
            "--rm",
            "-i",
            self.chapter.short_name(),
        ]);
        if self.chapter.number >= 1 {
            command.args(["--rootfs", IMAGE]);
        }
        // To build a bridge takes longer than all the rest: only an attack on a network
        // gets one.
        if self.chapter.number >= NETWORK && self.attack.stopped_by != NETWORK {
            command.args(["--network", "none"]);
        }
        command.args(options).args(["--", program, "attack", "--inside", self.attack.name]);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts what is prepared.
    pub fn start(&self, mut command: Command) -> Result<Child> {
        command.spawn().step(|| self.step())
    }

    /// Waits for the end, and for what the attacker has to say.
    pub fn wait(&self, child: Child) -> Result<Said> {
        self.wait_with(child, String::new())
    }

    /// The same, where some of the errors have been read already.
    pub fn wait_with(&self, mut child: Child, mut errors: String) -> Result<Said> {
        let step = || self.step();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().step(step)? {
                break status;
            }
            if start.elapsed() > DEADLINE {
                child.kill().step(step)?;
                child.wait().step(step)?;
                return Err(Error::new("it did not come to an end in time"));
            }
            sleep(Duration::from_millis(1));
        };
        // Both are a few lines, which a pipe holds until somebody reads them.
        let mut said = Vec::new();
        child.stdout.take().map(|mut pipe| pipe.read_to_end(&mut said));
        child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut errors));
        if let Ok(said) = serde_json::from_slice(&said) {
            return Ok(Said(said));
        }
        let line = |start: &str| {
            errors.lines().find_map(|line| line.strip_prefix(start).map(str::to_owned))
        };
        match (status.code(), line("killed: ")) {
            (_, Some(limit)) => Ok(Said(Err(format!("killed, as {limit}")))),
            (Some(125..=127) | None, _) => {
                let error = line("error: ").unwrap_or_else(|| status.to_string());
                Err(Error::new(format!("no container: {error}")))
            }
            (Some(code), None) => Ok(Said(Err(format!("ended with exit code {code}")))),
        }
    }

    fn step(&self) -> String {
        format!("run {}", self.chapter.short_name())
    }
}
