//! Messages that come through a door, and the answers: UDP.
//!
//! There are no connections. Whoever has sent a message may get answers for a while, so each
//! sender is given a socket of its own in the containers' network: the answers come there.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags};

use super::BUFFER;

/// How long the answers to a message are waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// As many senders are remembered.
const CLIENTS: usize = 1024;

/// The senders of a door, each with a socket for the answers.
#[derive(Default)]
pub(super) struct Clients(HashMap<SocketAddr, Client>);

struct Client {
    socket: UdpSocket,
    last: Instant,
}

impl Clients {
    /// How many sockets these are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Answers.
    pub fn waits_for(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.0.values().map(|client| PollFd::new(client.socket.as_fd(), PollFlags::POLLIN))
    }

    /// Passes on what there is, in both directions.
    pub fn pass_on(&mut self, door: &UdpSocket, inside: SocketAddrV4) {
        let mut buffer = [0; BUFFER];
        while let Ok((length, from)) = door.recv_from(&mut buffer) {
            if let Some(client) = self.client(from, inside) {
                client.last = Instant::now();
                let _ = client.socket.send(&buffer[..length]);
            }
        }
        for (address, client) in &mut self.0 {
            // An error belongs to an earlier message: nobody has listened there.
            while let Ok(length) = client.socket.recv(&mut buffer) {
                client.last = Instant::now();
                let _ = door.send_to(&buffer[..length], address);
            }
        }
    }

    fn client(&mut self, from: SocketAddr, inside: SocketAddrV4) -> Option<&mut Client> {
        if !self.0.contains_key(&from) {
            self.0.retain(|_, client| client.last.elapsed() < PATIENCE);
            if self.0.len() >= CLIENTS {
                return None;
            }
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
            socket.connect(inside).ok()?;
            socket.set_nonblocking(true).ok()?;
            self.0.insert(from, Client { socket, last: Instant::now() });
        }
        self.0.get_mut(&from)
    }
}
