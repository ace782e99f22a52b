//! The socket of whoever is attached, and what waits to be sent.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};

use super::frames::{LONGEST, Reply, Request};

/// A way to the monitor.
pub(super) struct Link {
    socket: OwnedFd,
    waiting: VecDeque<Vec<u8>>,
    is_cut: bool,
}

/// What comes back.
pub(super) enum Received {
    /// Nothing has come.
    NotYet,
    /// A frame, or what is none.
    Frame(Option<Reply>),
    /// Nothing more will come.
    End,
}

impl Link {
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, waiting: VecDeque::new(), is_cut: false }
    }

    /// Says something, as soon as it is taken.
    pub fn say(&mut self, request: &Request) {
        self.waiting.push_back(request.encode());
        self.flush();
    }

    /// Says this at once, or never.
    pub fn say_at_last(&mut self, request: &Request) {
        self.waiting.clear();
        self.say(request);
    }

    /// Whether something waits.
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether nobody takes anything any more. What was said before can still be heard.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Sends as much as is taken.
    pub fn flush(&mut self) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        while let Some(frame) = self.waiting.front() {
            match send(self.socket.as_raw_fd(), frame, flags) {
                Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => {}
                Ok(_) => drop(self.waiting.pop_front()),
                Err(_) => {
                    self.waiting.clear();
                    self.is_cut = true;
                }
            }
        }
    }

    /// The next frame.
    pub fn receive(&self) -> Received {
        let mut frame = vec![0; LONGEST + 1];
        match recv(self.socket.as_raw_fd(), &mut frame, MsgFlags::MSG_DONTWAIT) {
            Err(Errno::EAGAIN | Errno::EINTR) => Received::NotYet,
            Ok(length @ 1..) => Received::Frame(Reply::decode(&frame[..length])),
            Ok(0) | Err(_) => Received::End,
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
