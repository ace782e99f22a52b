//! What crosses the gate: a message, and how it is put in bytes.
//!
//! A stream knows no messages, and may hand over half of one: so each says its length first.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

use crate::{Error, Result, sys};

/// What crosses the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The parent has done its part; descriptors come with it.
    Begin = b'b' as isize,
    /// The child has done its own.
    Ready = b'r' as isize,
    /// It may go on.
    Start = b's' as isize,
    /// It lives when this gate is closed.
    Left = b'l' as isize,
    /// It has not got that far: an error.
    Failed = b'f' as isize,
}

/// What a message brings: its kind, its text, and descriptors.
pub(crate) type Heard = (Message, Vec<u8>, Vec<OwnedFd>);

/// A message: its kind in one byte, the length of its text in four, and the text.
pub(crate) fn tell(
    end: &OwnedFd,
    kind: Message,
    text: &[u8],
    descriptors: &[OwnedFd],
) -> nix::Result<()> {
    let mut message = vec![kind as u8];
    let length = u32::try_from(text.len()).map_err(|_| Errno::EMSGSIZE)?;
    message.extend(length.to_ne_bytes());
    message.extend(text);
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let mut control = if numbers.is_empty() { &[][..] } else { &rights[..] };
    let mut rest = &message[..];
    while !rest.is_empty() {
        // NOSIGNAL: a closed gate is an answer here, not a reason to die of SIGPIPE.
        let part = [IoSlice::new(rest)];
        match sendmsg::<()>(end.as_raw_fd(), &part, control, MsgFlags::MSG_NOSIGNAL, None) {
            Err(Errno::EINTR) => {}
            sent => {
                rest = &rest[sent?..];
                control = &[]; // They have gone with the first byte.
            }
        }
    }
    Ok(())
}

/// The next message; `None` once the other end is closed.
pub(crate) fn hear(end: &OwnedFd) -> Result<Option<Heard>> {
    let mut descriptors = Vec::new();
    let mut head = [0; 5];
    if !fill(end, &mut head, &mut descriptors)? {
        return Ok(None);
    }
    let [kind, length @ ..] = head;
    let kind = match kind {
        b'b' => Message::Begin,
        b'r' => Message::Ready,
        b's' => Message::Start,
        b'l' => Message::Left,
        _ => Message::Failed,
    };
    let mut text = vec![0; u32::from_ne_bytes(length) as usize];
    let is_whole = fill(end, &mut text, &mut descriptors)?;
    Ok(is_whole.then_some((kind, text, descriptors)))
}

/// Reads as much as fits; whether there was as much before the end.
fn fill(end: &OwnedFd, mut rest: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> Result<bool> {
    while !rest.is_empty() {
        match sys::receive(end.as_fd(), rest, descriptors) {
            Ok(0) => return Ok(false),
            Ok(length) => rest = &mut rest[length..],
            // The other end closed without reading our last message. The kernel tells that
            // once; what it said before that is still to come, or the end.
            Err(Errno::EINTR | Errno::ECONNRESET) => {}
            Err(errno) => return Err(Error::from_errno("read from the gate", errno)),
        }
    }
    Ok(true)
}
