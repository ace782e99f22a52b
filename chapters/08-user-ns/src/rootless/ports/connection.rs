//! A connection that comes through a door, and the one to the container: TCP.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddrV4, TcpStream};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags};

use super::BUFFER;
use crate::sys;

/// A client's connection, and ours to the container. The first way leads to the container.
pub(super) struct Connection {
    ways: [Way; 2],
    sockets: [TcpStream; 2],
}

/// One of its two directions.
#[derive(Default)]
struct Way {
    /// Not heard yet.
    said: Vec<u8>,
    /// Nothing more will be said.
    has_ended: bool,
    /// And that is passed on.
    is_over: bool,
}

impl Connection {
    /// Opens the second one.
    pub fn to(inside: SocketAddrV4, client: TcpStream) -> io::Result<Self> {
        let container = sys::begin_to_connect(inside)?;
        client.set_nonblocking(true)?;
        let sockets = [client, TcpStream::from(container)];
        sockets.iter().try_for_each(|socket| socket.set_nodelay(true))?;
        Ok(Self { ways: Default::default(), sockets })
    }

    /// A side is listened to while there is room for what it says, and waited for while there
    /// is something to be told to it.
    pub fn waits_for(&self) -> impl Iterator<Item = PollFd<'_>> {
        (0..2).filter_map(|at| {
            let (from, to) = (&self.ways[at], &self.ways[1 - at]);
            let mut events = PollFlags::empty();
            events.set(PollFlags::POLLIN, !from.has_ended && from.said.len() < BUFFER);
            events.set(PollFlags::POLLOUT, !to.is_over && (to.has_ended || !to.said.is_empty()));
            // poll(2) tells of a connection's end whether it was asked for or not.
            (!events.is_empty()).then(|| PollFd::new(self.sockets[at].as_fd(), events))
        })
    }

    /// Passes on what there is; `false` when all is said.
    pub fn pass_on(&mut self) -> bool {
        let [client, container] = &self.sockets;
        let [there, back] = &mut self.ways;
        let went = there.go(client, container).and_then(|()| back.go(container, client));
        went.is_ok() && !(there.is_over && back.is_over)
    }
}

impl Way {
    fn go(&mut self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        let mut buffer = [0; BUFFER];
        while !self.has_ended && self.said.len() < BUFFER {
            match from.read(&mut buffer) {
                Ok(0) => self.has_ended = true,
                Ok(length) => self.said.extend(&buffer[..length]),
                Err(error) if is_for_later(&error) => break,
                Err(error) => return Err(error),
            }
        }
        while !self.said.is_empty() {
            match to.write(&self.said) {
                Ok(length) => drop(self.said.drain(..length)),
                Err(error) if is_for_later(&error) => break,
                Err(error) => return Err(error),
            }
        }
        // A connection that is not there yet would be given up by it.
        let is_connected = || to.peer_addr().is_ok();
        if self.has_ended && self.said.is_empty() && !self.is_over && is_connected() {
            self.is_over = true;
            let _ = to.shutdown(Shutdown::Write);
        }
        Ok(())
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}
