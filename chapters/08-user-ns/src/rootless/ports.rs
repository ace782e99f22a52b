//! Ports of the host that lead into a network of an ordinary user's.
//!
//! A socket belongs to the network in which it was made, and stays there wherever its process
//! goes. So one process can stand on both sides: it has opened the ports on the host, has then
//! entered the network in which the containers are, and opens there a connection for each that
//! comes. It passes on what either side says, and is a child of the runtime, whose container's
//! ports these are.
//!
//! ```text
//!   the host's network                ║  the user's network
//!   client ── 192.0.2.1:18080 ── lab:ports ── 127.0.0.1:18080 ── NAT ── container:80
//! ```
//!
//! What it costs: the container does not see who called, but the bridge.
//!
//! There are no threads in here either: poll(2) tells which of all sockets has something.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use net_ns::{Protocol, Published};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::setsid;
use process::{Result, exit_now};

use crate::sys;

/// What one side has said and the other not heard yet: a pipe's worth.
const BUFFER: usize = 64 * 1024;

/// How long the answers to a message are waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// As many clients of a port without connections are remembered.
const CLIENTS: usize = 1024;

/// Lets the ports lead into the network in which we are, as long as this process lives.
///
/// # Errors
/// If there is no process to be had.
pub(super) fn lead_in(ports: Vec<Published>) -> Result<()> {
    if ports.is_empty() {
        return Ok(());
    }
    let doors: Vec<Door> = ports.into_iter().map(Door::from).collect();
    let fds: Vec<_> = doors.iter().map(Door::as_fd).collect();
    sys::fork_off("fork lab:ports", &fds, || {
        let _ = prctl::set_name(c"lab:ports");
        let _ = prctl::set_pdeathsig(Signal::SIGKILL);
        let _ = setsid(); // Ctrl-C is for the container.
        serve(&doors)
    })
}

/// A port of the host.
enum Door {
    Tcp(TcpListener, SocketAddrV4),
    Udp(UdpSocket, SocketAddrV4),
}

impl From<Published> for Door {
    fn from(port: Published) -> Self {
        let inside = port.stand_in();
        match port.protocol {
            Protocol::Tcp => Self::Tcp(OwnedFd::from(port).into(), inside),
            Protocol::Udp => Self::Udp(OwnedFd::from(port).into(), inside),
        }
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket, _) => socket.as_fd(),
            Self::Udp(socket, _) => socket.as_fd(),
        }
    }
}

fn serve(doors: &[Door]) {
    for door in doors {
        let _ = match door {
            Door::Tcp(socket, _) => socket.set_nonblocking(true),
            Door::Udp(socket, _) => socket.set_nonblocking(true),
        };
    }
    let mut connections: Vec<Connection> = Vec::new();
    let mut clients: Vec<Clients> = doors.iter().map(|_| Clients::default()).collect();
    loop {
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        for (door, clients) in doors.iter().zip(&clients) {
            fds.push(PollFd::new(door.as_fd(), PollFlags::POLLIN));
            let sockets = clients.0.values().map(|client| client.socket.as_fd());
            fds.extend(sockets.map(|socket| PollFd::new(socket, PollFlags::POLLIN)));
        }
        fds.extend(connections.iter().flat_map(Connection::waits_for));
        if poll(&mut fds, PollTimeout::NONE).is_err_and(|errno| errno != Errno::EINTR) {
            exit_now(1);
        }
        for (door, clients) in doors.iter().zip(&mut clients) {
            match door {
                Door::Tcp(socket, inside) => {
                    while let Ok((client, _)) = socket.accept() {
                        connections.extend(Connection::to(*inside, client).ok());
                    }
                }
                Door::Udp(socket, inside) => clients.pass_on(socket, *inside),
            }
        }
        connections.retain_mut(Connection::pass_on);
    }
}

/// A client's connection, and ours to the container.
struct Connection {
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
    fn to(inside: SocketAddrV4, client: TcpStream) -> io::Result<Self> {
        let container = sys::begin_to_connect(inside)?;
        client.set_nonblocking(true)?;
        let sockets = [client, TcpStream::from(container)];
        sockets.iter().try_for_each(|socket| socket.set_nodelay(true))?;
        Ok(Self { ways: Default::default(), sockets })
    }

    /// Who has room is listened to; who has something to hear is waited for.
    fn waits_for(&self) -> impl Iterator<Item = PollFd<'_>> {
        (0..2).filter_map(|at| {
            let (from, to) = (&self.ways[at], &self.ways[1 - at]);
            let mut events = PollFlags::empty();
            events.set(PollFlags::POLLIN, !from.has_ended && from.said.len() < BUFFER);
            events.set(PollFlags::POLLOUT, !to.is_over && !to.said.is_empty());
            // Its end would be told again and again to who waits for nothing else.
            (!events.is_empty()).then(|| PollFd::new(self.sockets[at].as_fd(), events))
        })
    }

    /// Passes on what there is; `false` when all is said.
    fn pass_on(&mut self) -> bool {
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
        if self.has_ended && self.said.is_empty() && !self.is_over {
            self.is_over = true;
            let _ = to.shutdown(Shutdown::Write);
        }
        Ok(())
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}

/// Who has sent messages, each with a socket for the answers.
#[derive(Default)]
struct Clients(HashMap<SocketAddr, Client>);

struct Client {
    socket: UdpSocket,
    last: Instant,
}

impl Clients {
    fn pass_on(&mut self, door: &UdpSocket, inside: SocketAddrV4) {
        let mut buffer = [0; BUFFER];
        while let Ok((length, from)) = door.recv_from(&mut buffer) {
            if let Some(client) = self.client(from, inside) {
                client.last = Instant::now();
                let _ = client.socket.send(&buffer[..length]);
            }
        }
        for (address, client) in &mut self.0 {
            // An error is that of an earlier message: nobody listens there.
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
            let socket = UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0)).ok()?;
            socket.connect(inside).ok()?;
            socket.set_nonblocking(true).ok()?;
            self.0.insert(from, Client { socket, last: Instant::now() });
        }
        self.0.get_mut(&from)
    }
}
