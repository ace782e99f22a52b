//! Those who are attached, seen from the monitor.
//!
//! None of them is trusted to read. Whoever was there before the command started is its
//! caller, and gets all that it says: if the caller does not read, the command waits, as it
//! would with a pipe between them. For all others it does not wait: one that is too far
//! behind is dropped.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, recv, send, setsockopt, sockopt::SndBufForce};

use process::{Result, Step};

use super::door;
use super::frames::{LONGEST, Reply, Request, VERSION};
use crate::Ending;

/// As many there may be at once.
const MOST: usize = 64;

/// So far the caller may be behind before the command waits, in bytes.
const ENOUGH: usize = 64 << 10;

/// So far others may be behind.
const TOO_MUCH: usize = 1 << 20;

/// How long the caller may take to read the last words.
const PATIENCE: Duration = Duration::from_secs(10);

/// Since when somebody has been there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// Since before the command started: its caller.
    Start,
    /// Since some time later.
    Later,
}

/// Somebody who is attached.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    since: Since,
    /// Whether it has told its version, and that it feeds the command.
    greeted: Option<bool>,
    queue: VecDeque<Vec<u8>>,
    behind: usize,
    is_over: bool,
}

/// What one of them wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// This is for the command to read.
    Input(Vec<u8>),
    /// Nothing more is.
    EndOfInput,
    /// The window has so many rows and columns.
    Size((u16, u16)),
}

/// All of them, and the door.
#[derive(Debug)]
pub(super) struct Clients {
    door: UnixListener,
    hello: Reply,
    all: Vec<Client>,
}

impl Clients {
    /// Opens the door of a container's record.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(dir: &Path, tty: bool, input: bool) -> Result<Self> {
        let door = door::open(dir).step(|| format!("listen at {}", dir.display()))?;
        Ok(Self { door, hello: Reply::Hello { version: VERSION, tty, input }, all: Vec::new() })
    }

    /// Lets in all who are at the door.
    pub fn let_in(&mut self, since: Since) {
        while self.all.len() < MOST {
            match door::next(&self.door) {
                Ok(socket) => {
                    let (queue, behind) = (VecDeque::new(), 0);
                    let client =
                        Client { socket, since, greeted: None, queue, behind, is_over: false };
                    self.all.push(client);
                    if let Some(client) = self.all.last_mut() {
                        client.say(&self.hello);
                    }
                }
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                // Nobody is there, or we have no descriptors left.
                Err(_) => return,
            }
        }
    }

    /// What can be waited for: the door, as long as there is room, and each of them, who is
    /// listened to only if `listen`.
    pub fn waits_for(&self, listen: bool) -> impl Iterator<Item = (Option<usize>, PollFd<'_>)> {
        let door = (self.all.len() < MOST).then(|| self.door.as_fd());
        let door = door.map(|door| (None, PollFd::new(door, PollFlags::POLLIN)));
        door.into_iter().chain(self.all.iter().enumerate().map(move |(at, client)| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::POLLIN, listen);
            flags.set(PollFlags::POLLOUT, !client.queue.is_empty());
            (Some(at), PollFd::new(client.socket.as_fd(), flags))
        }))
    }

    /// One thing that one of them has said, after writing what it can take.
    pub fn hear(&mut self, at: usize, events: PollFlags) -> Option<Said> {
        let client = self.all.get_mut(at)?;
        client.flush();
        if events.contains(PollFlags::POLLIN) {
            return client.hear();
        }
        // It has gone, and nobody listens to it for now: that would be told again and again.
        client.is_over |= events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR);
        client.last_words()
    }

    /// Lets go of those who have gone.
    pub fn forget(&mut self) {
        self.all.retain(|client| !client.is_over);
    }

    /// Says something to all of them.
    pub fn say(&mut self, reply: &Reply) {
        for client in self.all.iter_mut().filter(|client| client.greeted.is_some()) {
            client.say(reply);
            if client.since == Since::Later && client.behind > TOO_MUCH {
                client.queue.clear();
                client.behind = 0;
                client.say(&Reply::Dropped);
                client.greeted = None;
            }
        }
    }

    /// Whether the command has to wait: its caller does not keep up.
    pub fn hold_up(&self) -> bool {
        self.all.iter().any(|client| client.since == Since::Start && client.behind > ENOUGH)
    }

    /// The last word, to those at the door as well, and time to read it.
    pub fn end(&mut self, ending: Ending) {
        self.let_in(Since::Later);
        for client in self.all.iter_mut().filter(|client| client.greeted.is_none()) {
            client.hear();
        }
        self.say(&Reply::Ended(ending));
        let deadline = Instant::now() + PATIENCE;
        for client in &mut self.all {
            // What the kernel has taken stays readable when we are gone.
            let _ = setsockopt(&client.socket, SndBufForce, &(4 * TOO_MUCH));
            client.flush();
            while client.since == Since::Start && !client.queue.is_empty() && !client.is_over {
                let left = deadline.saturating_duration_since(Instant::now());
                let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
                let room = &mut [PollFd::new(client.socket.as_fd(), PollFlags::POLLOUT)];
                if matches!(poll(room, left), Ok(0)) {
                    break;
                }
                client.flush();
            }
        }
        self.all.clear();
    }
}

impl Client {
    fn hear(&mut self) -> Option<Said> {
        let mut frame = [0; LONGEST + 1];
        let length = match recv(self.socket.as_raw_fd(), &mut frame, MsgFlags::MSG_DONTWAIT) {
            Err(Errno::EAGAIN | Errno::EINTR) => return None,
            Ok(0) | Err(_) => {
                self.is_over = true;
                return self.last_words();
            }
            Ok(length) => length,
        };
        match (self.greeted, Request::decode(&frame[..length])) {
            (None, Some(Request::Hello { version: VERSION, feeds })) => {
                self.greeted = Some(feeds);
                None
            }
            (Some(_), Some(Request::Size { rows, columns })) => Some(Said::Size((rows, columns))),
            (Some(true), Some(Request::Input(input))) => Some(Said::Input(input)),
            (Some(true), Some(Request::EndOfInput)) => {
                self.greeted = Some(false);
                self.end_of_input()
            }
            (_, Some(Request::Leave)) => {
                self.is_over = true;
                None
            }
            // Another version, or nonsense.
            _ => {
                self.is_over = true;
                self.last_words()
            }
        }
    }

    /// Of one that has gone without a word: what it has fed the command is all there is.
    fn last_words(&mut self) -> Option<Said> {
        let has_fed = self.is_over && self.greeted.take() == Some(true);
        if has_fed { self.end_of_input() } else { None }
    }

    /// Only of the caller: a later one looks in, and leaves the input open for the next.
    fn end_of_input(&self) -> Option<Said> {
        (self.since == Since::Start).then_some(Said::EndOfInput)
    }

    fn say(&mut self, reply: &Reply) {
        let frame = reply.encode();
        self.behind += frame.len();
        self.queue.push_back(frame);
        self.flush();
    }

    fn flush(&mut self) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        while let Some(frame) = self.queue.front() {
            match send(self.socket.as_raw_fd(), frame, flags) {
                Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => {}
                Err(_) => {
                    self.is_over = true;
                    return;
                }
                Ok(_) => {
                    self.behind -= frame.len();
                    self.queue.pop_front();
                }
            }
        }
    }
}
