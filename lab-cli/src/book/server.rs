//! The smallest web server that a browser is content with: it listens on loopback only,
//! and answers GET and HEAD only.
//!
//! There are several readers, as a browser opens connections before it knows what for, and
//! no threads. So none is waited for: poll(2) tells whose request has gone on arriving, or
//! whose answer is being taken, and each gets as far as it can.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Result, Step};

use super::page;

/// How long a request may take to arrive once it has begun, and its answer to be taken.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest request: a browser's is less than 1 KiB.
const MAX_REQUEST: usize = 16 * 1024;

/// The most readers at a time; for one more, the one that came first has to go.
const MAX_READERS: usize = 64;

/// Answers requests for the files of a directory, for ever.
///
/// # Errors
/// If the directory is not there, or nobody can be listened to any more.
pub fn serve(listener: &TcpListener, dir: &Path) -> Result<Infallible> {
    let root = dir.canonicalize().step(|| format!("find {}", dir.display()))?;
    listener.set_nonblocking(true).step(|| "listen without waiting")?;
    let mut readers: Vec<Reader> = Vec::new();
    loop {
        let mut sources = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        sources.extend(readers.iter().map(Reader::source));
        match poll(&mut sources, timeout(&readers)) {
            Err(Errno::EINTR) => continue,
            polled => polled.step(|| "wait for a request")?,
        };
        let is_ready: Vec<_> = sources.iter().map(|source| source.any().unwrap_or(true)).collect();

        let mut is_reader_ready = is_ready[1..].iter();
        readers.retain_mut(|reader| {
            let is_ready = is_reader_ready.next() == Some(&true);
            let stays = !is_ready || reader.go_on(&root).unwrap_or(false);
            stays && reader.end.is_none_or(|end| Instant::now() < end)
        });
        if is_ready[0]
            && let Ok((peer, _)) = listener.accept()
        {
            if readers.len() == MAX_READERS {
                readers.remove(0);
            }
            readers.extend(Reader::new(peer));
        }
    }
}

/// Until the first of the readers has taken too long.
fn timeout(readers: &[Reader]) -> PollTimeout {
    let first = readers.iter().filter_map(|reader| reader.end).min();
    first.map_or(PollTimeout::NONE, |end| {
        // To the next millisecond, or the last one is spent on asking.
        let left = end.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
    })
}

/// A connection: somebody who has asked, is asking, or may do so.
struct Reader {
    peer: TcpStream,
    request: Vec<u8>,
    /// What is still to be sent, once the request is whole.
    answer: Option<Vec<u8>>,
    /// When it is given up; one who has not said anything may stay.
    end: Option<Instant>,
}

impl Reader {
    fn new(peer: TcpStream) -> io::Result<Self> {
        peer.set_nonblocking(true)?;
        Ok(Self { peer, request: Vec::new(), answer: None, end: None })
    }

    /// What it has to wait for.
    fn source(&self) -> PollFd<'_> {
        let flags = if self.answer.is_some() { PollFlags::POLLOUT } else { PollFlags::POLLIN };
        PollFd::new(self.peer.as_fd(), flags)
    }

    /// Reads and answers as far as that can be done now; `false` when that was all.
    ///
    /// # Errors
    /// If the connection is broken.
    fn go_on(&mut self, root: &Path) -> io::Result<bool> {
        self.end.get_or_insert_with(|| Instant::now() + PATIENCE);
        if self.answer.is_none() {
            let mut piece = [0; 4096];
            let length = match self.peer.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                length => length?,
            };
            self.request.extend(&piece[..length]);
            let is_whole = self.request.windows(4).any(|end| end == b"\r\n\r\n");
            match length {
                0 => return Ok(false),
                _ if is_whole => {
                    let request = String::from_utf8_lossy(&self.request);
                    self.answer = Some(page::answer(&request, root));
                }
                _ => return Ok(self.request.len() < MAX_REQUEST),
            }
        }
        let answer = self.answer.get_or_insert_default();
        // The standard library writes to sockets without a SIGPIPE, which would end us.
        match self.peer.write(answer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            length => drop(answer.drain(..length?)),
        }
        Ok(!answer.is_empty())
    }
}
