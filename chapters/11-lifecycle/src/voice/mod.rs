//! What a container says, and what is said to it: the part of a monitor that listens.
//!
//! ```text
//!   command ──▶ out, err ──┬──▶ log              kept, whoever listens
//!                          └──▶ clients          those who are attached
//!   command ◀── input ◀────────  clients
//! ```
//!
//! One loop waits for all of it at once, poll(2), and nothing in it waits for anything else:
//! neither a command that does not read, nor a client, nor a disk. Nothing is polled that would
//! be ready for ever and has nothing to say.

mod attach;
mod client;
mod clients;
mod console;
mod door;
mod frames;
mod keys;
mod link;
mod log;
mod log_files;
mod log_options;
mod logs;
mod pty;
mod speech;
mod streams;
mod time;

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Container, ExitStatus, Result, Step};

use crate::{Ending, Policy};
use clients::{Clients, Said, Since};
use frames::Reply;
use log::Log;
use streams::{PIECE, Stream, Streams};

pub use attach::{AttachOptions, Ended, Input, attach};
pub use keys::DetachKeys;
pub use log_options::LogOptions;
pub use logs::{LogsArgs, logs};
pub use streams::Inside;

/// The voice of a container.
#[derive(Debug)]
pub(crate) struct Voice {
    streams: Streams,
    log: Log,
    clients: Clients,
}

/// Something that is ready.
#[derive(Clone, Copy, Debug)]
enum Ready {
    Signal,
    Source(Stream),
    Sink,
    Door,
    Client(usize, PollFlags),
}

impl Voice {
    /// That of a container whose life is kept in this directory.
    ///
    /// # Errors
    /// If nobody could attach to it.
    pub fn new(life: &Path, policy: &Policy) -> Result<Self> {
        let clients = Clients::new(life, policy.tty, policy.interactive)?;
        let log = Log::new(life, policy.log);
        Ok(Self { streams: Streams::default(), log, clients })
    }

    /// Makes the streams of its next life, and returns the command's ends.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn begin(&mut self, policy: &Policy) -> Result<Inside> {
        let (ours, inside) = Streams::open(policy)?;
        self.streams = ours;
        Ok(inside)
    }

    /// Takes the terminal that the container has made.
    ///
    /// # Errors
    /// If it has none, and should.
    pub fn take_terminal(&mut self) -> Result<()> {
        self.streams.take_terminal()
    }

    /// Lets its callers in, before it says a word.
    pub fn welcome(&mut self) {
        self.clients.let_in(Since::Start);
        // Each has said who it is, and how large its window.
        for _ in 0..100 {
            match self.wait(None) {
                Ok(ready) if !ready.is_empty() => self.heed_all(ready),
                _ => break,
            }
        }
    }

    // ANCHOR: watch
    /// Listens to it until it has ended.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn watch(&mut self, container: &mut Container) -> Result<ExitStatus> {
        let signals = container.signals()?;
        loop {
            if let Some(status) = container.has_ended()? {
                self.hear_the_rest();
                return Ok(status);
            }
            let ready = self.wait(Some(&signals))?;
            self.heed_all(ready);
        }
    }
    // ANCHOR_END: watch

    /// Tells everybody how it has ended.
    pub fn end(&mut self, ending: Ending) {
        self.clients.end(ending);
    }

    /// How many lines of the log are lost.
    pub fn lost_lines(&self) -> u64 {
        self.log.lost()
    }

    // ANCHOR: wait
    /// Waits until something is ready; without signals to wait for, only looks.
    fn wait(&self, signals: Option<&OwnedFd>) -> Result<Vec<Ready>> {
        let (mut what, mut polled) = (Vec::new(), Vec::new());
        let mut add = |ready, poll_fd| {
            what.push(ready);
            polled.push(poll_fd);
        };
        if let Some(signals) = signals {
            add(Ready::Signal, PollFd::new(signals.as_fd(), PollFlags::POLLIN));
        }
        if !self.clients.hold_up() && signals.is_some() {
            for source in &self.streams.sources {
                add(Ready::Source(source.stream), PollFd::new(source.as_fd(), PollFlags::POLLIN));
            }
        }
        if let Some(sink) = self.streams.sink.waits_for() {
            add(Ready::Sink, PollFd::new(sink, PollFlags::POLLOUT));
        }
        for (client, poll_fd) in self.clients.waits_for(!self.streams.sink.is_full()) {
            let none = PollFlags::empty();
            add(client.map_or(Ready::Door, |at| Ready::Client(at, none)), poll_fd);
        }
        let timeout = if signals.is_some() { PollTimeout::NONE } else { PollTimeout::ZERO };
        match poll(&mut polled, timeout) {
            Err(Errno::EINTR) => return Ok(Vec::new()),
            polled => polled.step(|| "wait for the container")?,
        };
        let events = polled.iter().map(|it| it.revents().unwrap_or(PollFlags::empty()));
        let ready = what.into_iter().zip(events).filter(|(_, events)| !events.is_empty());
        Ok(ready
            .map(|(ready, events)| match ready {
                Ready::Client(at, _) => Ready::Client(at, events),
                other => other,
            })
            .collect())
    }
    // ANCHOR_END: wait

    fn heed_all(&mut self, ready: Vec<Ready>) {
        ready.into_iter().for_each(|one| self.heed(one));
        self.clients.forget();
    }

    fn heed(&mut self, ready: Ready) {
        match ready {
            Ready::Signal => {}
            Ready::Source(stream) => drop(self.listen_to(stream)),
            Ready::Sink => self.streams.sink.flush(),
            Ready::Door => self.clients.let_in(Since::Later),
            Ready::Client(at, events) => match self.clients.hear(at, events) {
                Some(Said::Input(input)) => self.streams.sink.push(&input),
                Some(Said::EndOfInput) => self.streams.end_input(),
                Some(Said::Size(size)) => self.streams.set_size(size),
                None => {}
            },
        }
    }

    /// One piece of what it says; how long that was, `None` if there is nothing more.
    fn listen_to(&mut self, stream: Stream) -> Option<usize> {
        let mut piece = [0; PIECE];
        let said = self.streams.read(stream, &mut piece)?;
        if !said.is_empty() {
            self.log.write(stream, said);
            self.clients.say(&match stream {
                Stream::Out => Reply::Out(said.to_vec()),
                Stream::Err => Reply::Err(said.to_vec()),
            });
        }
        Some(said.len())
    }

    /// It has ended: what it has said until then is in our hands, or in a pipe. Somebody else may
    /// have the other end, and go on writing, so only as much is read as was there.
    fn hear_the_rest(&mut self) {
        let rest: Vec<_> =
            self.streams.sources.iter().map(|it| (it.stream, it.capacity())).collect();
        for (stream, most) in rest {
            let mut read = 0;
            while let Some(length @ 1..) = self.listen_to(stream) {
                read += length;
                if read >= most {
                    break;
                }
            }
        }
        self.log.end();
        self.streams = Streams::default();
    }
}
