//! The gate between the runtime and the process it has just made.
//!
//! A container is *created*, then *started*: the child builds its world and stops
//! just before `exec`, and the parent says when to go on. The two talk over one
//! socket pair, and a closed end is a message as well:
//!
//! ```text
//!      parent                      child
//!        │  clone ───────────────────┤
//!        │  (maps, links)            │ waits
//!        ├── begin ─────────────────▶│ mounts, names, routes …
//!        │◀──────── ready ───────────┤ or: failed(error), and the child exits
//!        │  (looks around)           │ held
//!        ├── start ─────────────────▶│ exec
//!        │◀──────── closed ──────────┤ by exec: O_CLOEXEC
//! ```
//!
//! If the parent dies first, the child reads a closed gate and exits.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};

use crate::{Error, Result, Step};

/// The longest message: an [`Error`] with its hint. A longer one is cut off.
const MAX_MESSAGE: usize = 4096;

/// What crosses the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Begin = b'b' as isize,
    Ready = b'r' as isize,
    Start = b's' as isize,
    Failed = b'f' as isize,
}

/// The runtime's side.
#[derive(Debug)]
pub struct ParentGate(OwnedFd);

/// The container's side.
#[derive(Debug)]
pub struct ChildGate(OwnedFd);

/// Makes the two sides, both closed on exec.
pub fn gate() -> Result<(ParentGate, ChildGate)> {
    // SEQPACKET keeps message boundaries, and both ends see the other one close.
    let (parent, child) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .step(|| "make the gate")?;
    Ok((ParentGate(parent), ChildGate(child)))
}

impl ParentGate {
    /// Lets the child build its world and waits until it has, or has failed.
    pub fn begin(&self) -> Result<()> {
        // If the child is already dead, its last message says more than our EPIPE.
        let _ = tell(&self.0, Message::Begin, &[]);
        match hear(&self.0)? {
            Some((Message::Ready, _)) => Ok(()),
            other => Err(failure(other)),
        }
    }

    /// Opens the gate and waits until the child has become the command.
    pub fn start(&self) -> Result<()> {
        let _ = tell(&self.0, Message::Start, &[]);
        match hear(&self.0)? {
            None => Ok(()),
            other => Err(failure(other)),
        }
    }
}

impl ChildGate {
    /// Waits until the parent has done its part.
    pub fn wait_for_begin(&self) -> Result<()> {
        expect(&self.0, Message::Begin)
    }

    /// Says that the container is built, and holds until the parent starts it.
    pub fn hold(&self) -> Result<()> {
        tell(&self.0, Message::Ready, &[]).step(|| "report to the runtime")?;
        expect(&self.0, Message::Start)
    }

    /// Hands the error to the parent; if that is gone, nobody is left to tell.
    pub fn fail(&self, error: &Error) {
        let _ = tell(&self.0, Message::Failed, &error.encode());
    }
}

fn expect(end: &OwnedFd, kind: Message) -> Result<()> {
    match hear(end)? {
        Some((heard, _)) if heard == kind => Ok(()),
        _ => Err(Error::new("the runtime has gone away")),
    }
}

fn failure(heard: Option<(Message, Vec<u8>)>) -> Error {
    heard
        .and_then(|(_, body)| Error::decode(&body))
        .unwrap_or_else(|| Error::new("the container's first process died before it was ready"))
}

fn tell(end: &OwnedFd, kind: Message, body: &[u8]) -> nix::Result<()> {
    let mut message = vec![kind as u8];
    message.extend_from_slice(&body[..body.len().min(MAX_MESSAGE - 1)]);
    // NOSIGNAL: a closed gate is an answer here, not a reason to die of SIGPIPE.
    send(end.as_raw_fd(), &message, MsgFlags::MSG_NOSIGNAL).map(drop)
}

/// The next message; `None` once the other end is closed.
fn hear(end: &OwnedFd) -> Result<Option<(Message, Vec<u8>)>> {
    let mut message = [0; MAX_MESSAGE];
    let length = loop {
        match recv(end.as_raw_fd(), &mut message, MsgFlags::empty()) {
            Err(Errno::EINTR) => continue,
            Err(Errno::ECONNRESET) => break 0,
            length => break length.step(|| "read from the gate")?,
        }
    };
    let kind = match message[..length].first() {
        None => return Ok(None),
        Some(b'b') => Message::Begin,
        Some(b'r') => Message::Ready,
        Some(b's') => Message::Start,
        Some(_) => Message::Failed,
    };
    Ok(Some((kind, message[1..length].to_vec())))
}
