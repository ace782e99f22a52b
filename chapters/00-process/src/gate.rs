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

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::read;

use crate::sys::MAX_DESCRIPTORS;
use crate::{Error, Heard, Message, Result, Step, hear, tell};

/// The runtime's side.
#[derive(Debug)]
pub struct ParentGate(OwnedFd);

/// The container's side.
#[derive(Debug)]
pub struct ChildGate(OwnedFd);

/// Makes the two sides, both closed on exec.
pub fn gate() -> Result<(ParentGate, ChildGate)> {
    let (parent, child) =
        socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
            .step(|| "make the gate")?;
    Ok((ParentGate(parent), ChildGate(child)))
}

impl ParentGate {
    /// Lets the child build its world, of `descriptors` among others.
    pub fn begin(&self, descriptors: &[OwnedFd]) -> Result<()> {
        if descriptors.len() > MAX_DESCRIPTORS {
            let count = descriptors.len();
            return Err(Error::new(format!("hand {count} descriptors to the container")));
        }
        self.tell(Message::Begin, descriptors)
    }

    /// Waits until the child has built its world, or has failed.
    pub fn wait_until_built(&self) -> Result<()> {
        match hear(&self.0)? {
            Some((Message::Ready, ..)) => Ok(()),
            other => Err(failure(other)),
        }
    }

    // ANCHOR: start
    /// Opens the gate.
    pub fn start(&self) -> Result<()> {
        self.tell(Message::Start, &[])
    }

    /// Waits until the child has become the command.
    pub fn wait_until_closed(&self) -> Result<()> {
        match hear(&self.0)? {
            None => Ok(()),
            other => Err(failure(other)),
        }
    }
    // ANCHOR_END: start

    /// Lets the child live when this gate is closed.
    pub(crate) fn leave(&self) -> Result<()> {
        self.tell(Message::Left, &[])
    }

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
        self.tell_ready()?;
        expect(&self.0, Message::Start).map(drop)
    }
    // ANCHOR_END: hold

    /// Says that what it was to do is done.
    pub fn tell_ready(&self) -> Result<()> {
        tell(&self.0, Message::Ready, &[], &[]).step(|| "report to the runtime")
    }

    /// Says so, and holds until the parent has left it and somebody comes to the door, who is
    /// listened to from then on.
    ///
    /// A visitor that says nothing ends the container, as a runtime that dies does.
    pub(crate) fn hold_at(&mut self, door: BorrowedFd<'_>) -> Result<()> {
        self.tell_ready()?;
        expect(&self.0, Message::Left)?;
        let step = || "wait at the door";
        let door = UnixListener::from(door.try_clone_to_owned().step(step)?);
        let (guest, _) = door.accept().step(step)?;
        self.0 = guest.into();
        expect(&self.0, Message::Start).map(drop)
    }

    /// Lets the last look at the gate be one that does not wait.
    pub fn wait_no_more(&self) -> Result<()> {
        fcntl(&self.0, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).step(|| "set up the gate").map(drop)
    }

    /// Makes sure that the runtime is still there. A filter of system calls may be in force
    /// by now (chapter 9): read(2) is what every one allows, and without it, nothing is lost.
    ///
    /// # Errors
    /// If it has gone away.
    pub fn expect_open(&self) -> Result<()> {
        match read(&self.0, &mut [0]) {
            Ok(0) | Err(Errno::ECONNRESET) => Err(gone()),
            _ => Ok(()),
        }
    }

    /// Hands the error to the parent; if that is gone, nobody is left to tell.
    pub fn fail(&self, error: &Error) {
        let _ = tell(&self.0, Message::Failed, &error.encode(), &[]);
    }
}

impl From<OwnedFd> for ParentGate {
    /// The way through a door, to start a container that lives on its own.
    fn from(door: OwnedFd) -> Self {
        Self(door)
    }
}

impl From<ChildGate> for OwnedFd {
    /// To be handed to a program that we start.
    fn from(gate: ChildGate) -> Self {
        gate.0
    }
}

impl From<OwnedFd> for ChildGate {
    /// Where the child has been executed anew since the gate was made.
    fn from(gate: OwnedFd) -> Self {
        Self(gate)
    }
}

impl AsFd for ParentGate {
    /// Something can be read from it once the child has said something or is gone.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for ChildGate {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn expect(end: &OwnedFd, kind: Message) -> Result<Vec<OwnedFd>> {
    match hear(end)? {
        Some((heard, _, descriptors)) if heard == kind => Ok(descriptors),
        _ => Err(gone()),
    }
}

fn gone() -> Error {
    Error::new("the runtime has gone away")
}

fn failure(heard: Option<Heard>) -> Error {
    heard
        .and_then(|(_, body, _)| Error::decode(&body))
        .unwrap_or_else(|| Error::new("the container's first process died before it was ready"))
}
