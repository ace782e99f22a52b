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
//!        ├── begin, descriptors ────▶│ mounts, names, routes …
//!        │◀──────── ready ───────────┤ or: failed(error), and the child exits
//!        │  (looks around)           │ held
//!        ├── start ─────────────────▶│ exec
//!        │◀──────── closed ──────────┤ by exec: O_CLOEXEC
//! ```
//!
//! If the parent dies first, the child reads a closed gate and exits.
//!
//! Some things only the parent is allowed to make, and only once the child exists. An
//! open descriptor of such a thing can travel through the gate as well: unix(7) calls
//! it SCM_RIGHTS, and what arrives is the same open file under another number.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};

use crate::{Error, Result, Step, sys};

/// The longest message: an [`Error`] with its hint. A longer one is cut off.
const MAX_MESSAGE: usize = 4096;

/// The most descriptors that one message carries: `SCM_MAX_FD` of unix(7).
const MAX_DESCRIPTORS: usize = 253;

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
    /// Lets the child build its world, of `descriptors` among others, and waits until it
    /// has, or has failed.
    pub fn begin(&self, descriptors: &[OwnedFd]) -> Result<()> {
        if descriptors.len() > MAX_DESCRIPTORS {
            let count = descriptors.len();
            return Err(Error::new(format!("hand {count} descriptors to the container")));
        }
        self.tell(Message::Begin, descriptors)?;
        match hear(&self.0)? {
            Some((Message::Ready, ..)) => Ok(()),
            other => Err(failure(other)),
        }
    }

    // ANCHOR: start
    /// Opens the gate and waits until the child has become the command.
    pub fn start(&self) -> Result<()> {
        self.tell(Message::Start, &[])?;
        match hear(&self.0)? {
            None => Ok(()),
            other => Err(failure(other)),
        }
    }
    // ANCHOR_END: start

    /// If the child is dead already, its last message says more than our EPIPE. If it
    /// is not, it would wait for this one, and we for its answer, for ever.
    fn tell(&self, kind: Message, descriptors: &[OwnedFd]) -> Result<()> {
        match tell(&self.0, kind, &[], descriptors) {
            Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(()),
            told => told.step(|| "write to the gate"),
        }
    }
}

impl ChildGate {
    /// Waits until the parent has done its part; returns the descriptors it handed over.
    pub fn wait_for_begin(&self) -> Result<Vec<OwnedFd>> {
        expect(&self.0, Message::Begin)
    }

    // ANCHOR: hold
    /// Says that the container is built, and holds until the parent starts it.
    pub fn hold(&self) -> Result<()> {
        tell(&self.0, Message::Ready, &[], &[]).step(|| "report to the runtime")?;
        expect(&self.0, Message::Start).map(drop)
    }
    // ANCHOR_END: hold

    /// Closes every descriptor above 2 but this one, which goes with exec.
    pub fn close_all_else(&self) -> Result<()> {
        sys::close_all_but(self.0.as_fd()).step(|| "close all descriptors above 2")
    }

    /// Hands the error to the parent; if that is gone, nobody is left to tell.
    pub fn fail(&self, error: &Error) {
        let _ = tell(&self.0, Message::Failed, &error.encode(), &[]);
    }
}

/// What a message brings: its kind, its text, and descriptors.
type Heard = (Message, Vec<u8>, Vec<OwnedFd>);

fn expect(end: &OwnedFd, kind: Message) -> Result<Vec<OwnedFd>> {
    match hear(end)? {
        Some((heard, _, descriptors)) if heard == kind => Ok(descriptors),
        _ => Err(Error::new("the runtime has gone away")),
    }
}

fn failure(heard: Option<Heard>) -> Error {
    heard
        .and_then(|(_, body, _)| Error::decode(&body))
        .unwrap_or_else(|| Error::new("the container's first process died before it was ready"))
}

fn tell(end: &OwnedFd, kind: Message, body: &[u8], descriptors: &[OwnedFd]) -> nix::Result<()> {
    let kind = [kind as u8];
    let body = &body[..body.len().min(MAX_MESSAGE - 1)];
    let message = [IoSlice::new(&kind), IoSlice::new(body)];
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let control = if numbers.is_empty() { &[][..] } else { &rights[..] };
    loop {
        // NOSIGNAL: a closed gate is an answer here, not a reason to die of SIGPIPE.
        match sendmsg::<()>(end.as_raw_fd(), &message, control, MsgFlags::MSG_NOSIGNAL, None) {
            Err(Errno::EINTR) => {}
            sent => return sent.map(drop),
        }
    }
}

/// The next message; `None` once the other end is closed.
fn hear(end: &OwnedFd) -> Result<Option<Heard>> {
    let mut message = [0; MAX_MESSAGE];
    let mut control = nix::cmsg_space!([RawFd; MAX_DESCRIPTORS]);
    let (length, descriptors) = loop {
        let buffer = &mut [IoSliceMut::new(&mut message)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        match recvmsg::<()>(end.as_raw_fd(), buffer, Some(&mut control), flags) {
            // The other end closed without reading our last message. The kernel tells that
            // first, and once; what it said before that is still to come.
            Err(Errno::EINTR | Errno::ECONNRESET) => continue,
            heard => {
                let heard = heard.step(|| "read from the gate")?;
                let control = heard.cmsgs().step(|| "read from the gate")?;
                let numbers = control.filter_map(|control| match control {
                    ControlMessageOwned::ScmRights(numbers) => Some(numbers),
                    _ => None,
                });
                let descriptors = numbers.flatten().map(sys::take_descriptor).collect();
                break (heard.bytes, descriptors);
            }
        }
    };
    let kind = match message[..length].first() {
        None => return Ok(None),
        Some(b'b') => Message::Begin,
        Some(b'r') => Message::Ready,
        Some(b's') => Message::Start,
        Some(_) => Message::Failed,
    };
    Ok(Some((kind, message[1..length].to_vec(), descriptors)))
}
