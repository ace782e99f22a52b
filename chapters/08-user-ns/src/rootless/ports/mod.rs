//! Ports of the host that lead into the network of an ordinary user's containers.
//!
//! A socket belongs to the network in which it was made, and stays there wherever its process
//! goes. So one process can stand on both sides: it has opened the ports on the host, has then
//! entered the network in which the containers are, and opens a connection there for each one
//! that comes. It passes on what either side says. It is a child of the runtime, and ends with
//! it: the ports are that one container's.
//!
//! ```text
//!   the host's network                ║  the user's network
//!   client ── 192.0.2.1:18080 ── lab:ports ── 127.0.2.1:18080 ── NAT ── container:80
//! ```
//!
//! What it costs: the container does not see who called, but the bridge.
//!
//! There are no threads in here either: poll(2) tells which of all sockets has something.

use std::net::{SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use net_ns::{Protocol, Published};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid, setsid};
use process::{Result, exit_now};

use self::clients::Clients;
use self::connection::Connection;
use crate::sys;

mod clients;
mod connection;

/// What one side has said and the other not heard yet: a pipe's worth.
const BUFFER: usize = 64 * 1024;

/// As many sockets are open at once, if the user may have as many: two for each connection.
const SOCKETS: u64 = 4096;

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
    let runtime = getpid();
    sys::fork_off("fork lab:ports", &fds, |_| {
        let _ = prctl::set_name(c"lab:ports");
        let _ = prctl::set_pdeathsig(Signal::SIGKILL);
        let _ = setsid(); // Ctrl-C is for the container.
        // It may have died before it could have taken us along.
        if getppid() == runtime {
            serve(&doors);
        }
    })?;
    Ok(())
}

/// A port of the host, and where it leads.
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
    let most = most_sockets();
    let mut connections: Vec<Connection> = Vec::new();
    let mut clients: Vec<Clients> = doors.iter().map(|_| Clients::default()).collect();
    loop {
        let others = doors.len() + clients.iter().map(Clients::len).sum::<usize>();
        let has_room = |connections: &[Connection]| others + 2 * connections.len() + 2 <= most;
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        for (door, clients) in doors.iter().zip(&clients) {
            // A client that cannot be let in would be told again and again: it waits at the door.
            if matches!(door, Door::Udp(..)) || has_room(&connections) {
                fds.push(PollFd::new(door.as_fd(), PollFlags::POLLIN));
            }
            fds.extend(clients.waits_for());
        }
        fds.extend(connections.iter().flat_map(Connection::waits_for));
        if poll(&mut fds, PollTimeout::NONE).is_err_and(|errno| errno != Errno::EINTR) {
            exit_now(1);
        }
        for (door, clients) in doors.iter().zip(&mut clients) {
            match door {
                Door::Tcp(socket, inside) => {
                    while has_room(&connections)
                        && let Ok((client, _)) = socket.accept()
                    {
                        connections.extend(Connection::to(*inside, client).ok());
                    }
                }
                Door::Udp(socket, inside) => clients.pass_on(socket, *inside),
            }
        }
        connections.retain_mut(Connection::pass_on);
    }
}

/// How many sockets there may be; a few descriptors are others.
fn most_sockets() -> usize {
    let all = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) => {
            let all = hard.min(SOCKETS);
            let _ = setrlimit(Resource::RLIMIT_NOFILE, all, hard);
            all
        }
        Err(_) => 0,
    };
    usize::try_from(all).unwrap_or_default().saturating_sub(16)
}
