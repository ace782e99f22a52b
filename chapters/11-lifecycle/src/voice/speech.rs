//! What a container has said, on its way to our own output.
//!
//! That may be a pipe which nobody reads for now, or ever again. Whoever waited for it would
//! hear neither a signal nor the container's end. poll(2) tells when something can be written,
//! but not how much: of a pipe that is [`AT_ONCE`].

use std::io::{stderr, stdout};

use nix::errno::Errno;
use nix::unistd::write;
use process::{Error, Result};

use super::streams::Stream;

/// So much a pipe takes if it takes anything: `PIPE_BUF` of pipe(7), in bytes.
const AT_ONCE: usize = 4096;

/// Something to be said.
pub(super) struct Speech {
    pub stream: Stream,
    bytes: Vec<u8>,
    said: usize,
}

/// How much of it has been.
pub(super) enum Spoken {
    /// All of it.
    All,
    /// There is more.
    APart,
    /// Nobody reads it any more.
    ToNobody,
}

impl Speech {
    /// `None` for nothing.
    pub fn new(stream: Stream, bytes: Vec<u8>) -> Option<Self> {
        (!bytes.is_empty()).then_some(Self { stream, bytes, said: 0 })
    }

    /// Says as much as is taken at once.
    ///
    /// # Errors
    /// If the disk is full, or the like.
    pub fn go_on(&mut self) -> Result<Spoken> {
        let rest = &self.bytes[self.said..];
        let piece = &rest[..rest.len().min(AT_ONCE)];
        let written = match self.stream {
            Stream::Out => write(stdout(), piece),
            Stream::Err => write(stderr(), piece),
        };
        match written {
            Ok(length) => self.said += length,
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(Errno::EPIPE) => return Ok(Spoken::ToNobody),
            Err(errno) => return Err(Error::from_errno("print what the container says", errno)),
        }
        Ok(if self.said == self.bytes.len() { Spoken::All } else { Spoken::APart })
    }
}
