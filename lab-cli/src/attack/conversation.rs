//! An attacker that says when all is prepared, and is told when to end.
//!
//! It says so on its standard error, on a line that begins with a `!`, and it is told by the end of
//! its standard input. Both are there in every chapter, also in those in which its streams are
//! a monitor's.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use process::{Error, Result, Step};

use super::target::{Said, Target};

/// What a line for the host begins with.
pub const FOR_HOST: &str = "!";

/// An attacker at work.
pub struct Conversation {
    /// The runtime that has made its container.
    pub runtime: Child,
    /// What was said for people until now.
    said: String,
}

impl Conversation {
    /// Starts what is prepared.
    pub fn begin(target: &Target<'_>, mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped());
        Ok(Self { runtime: target.start(command)?, said: String::new() })
    }

    /// What it says to the host; `None` if it has ended before.
    pub fn hear(&mut self) -> Result<Option<String>> {
        while let Some(line) = self.line().step(|| "wait for the attacker")? {
            match line.strip_prefix(FOR_HOST) {
                Some(word) => return Ok(Some(word.to_owned())),
                None => self.said += &(line + "\n"),
            }
        }
        Ok(None)
    }

    /// Byte by byte: what comes behind the line is for whoever waits for the end.
    fn line(&mut self) -> std::io::Result<Option<String>> {
        let Some(pipe) = &mut self.runtime.stderr else { return Ok(None) };
        let (mut line, mut byte) = (Vec::new(), [0]);
        while pipe.read(&mut byte)? == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        let is_over = line.is_empty() && byte != *b"\n";
        Ok((!is_over).then(|| String::from_utf8_lossy(&line).into_owned()))
    }

    /// Tells it to end.
    pub fn tell_the_end(&mut self) {
        self.runtime.stdin.take();
    }

    /// Waits for its end, and for what it has to say.
    ///
    /// # Errors
    /// If there is no such container on this host, or no end of it.
    pub fn end(mut self, target: &Target<'_>) -> Result<Said> {
        self.tell_the_end();
        target.wait_with(self.runtime, self.said)
    }

    /// Why it has said nothing.
    pub fn explain_silence(self, target: &Target<'_>) -> Error {
        let why = match self.end(target) {
            Ok(Said(Ok(text) | Err(text))) => text,
            Err(error) => error.to_string(),
        };
        Error::new(format!("the attacker is not ready: {why}"))
    }
}
