//! The host's network traffic, read along.

use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, socket as open_socket,
};
use process::{Result, Step};

use crate::attack::attacker::host;
use crate::attack::places::LAB;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "sniff",
    title: "read the host's network traffic",
    tries: "open a packet socket, which gets a copy of all that comes through any interface, \
            while the host sends itself a secret.",
    why: "a packet socket sees the interfaces of its network namespace only. The right to open \
          one, CAP_NET_RAW, is left to the container even in chapter 9, for ping.",
    reference: "packet(7), network_namespaces(7)",
    stopped_by: 5,
    run: |target| {
        // On its standard input the attacker says that it listens, and finds the end of it
        // when all is said: nobody has to guess how long that takes.
        let (mut ours, theirs) = UnixStream::pair().step(|| "make a socket pair")?;
        let mut command = target.prepare::<&str>(LAB, &[], LAB, &[]);
        command.stdin(OwnedFd::from(theirs));
        let child = target.start(command)?;
        if ours.read(&mut [0]).step(|| "wait for the attacker")? == 1 {
            talk_to_ourselves(target.secret)?;
        }
        ours.shutdown(Shutdown::Write).step(|| "tell the attacker the end")?;
        Ok(target.wait(child)?.has_read(target.secret, "a packet of the host"))
    },
    inside: |_| {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (packet, all) = (AddressFamily::Packet, SockProtocol::EthAll);
        let tap = open_socket(packet, SockType::Raw, flags, all).step(|| "open a packet socket")?;
        let mut socket = host()?;
        socket.write_all(b"!").step(|| "tell the host")?;
        socket.read_to_end(&mut Vec::new()).step(|| "wait for the host")?;
        let (mut heard, mut packet) = (Vec::new(), [0; 2048]);
        while let Ok(length) = recv(tap.as_raw_fd(), &mut packet, MsgFlags::empty()) {
            heard.extend_from_slice(&packet[..length]);
        }
        Ok(String::from_utf8_lossy(&heard).into_owned())
    },
};

/// Sends a text over the loopback interface; when it has arrived, every tap has had it.
fn talk_to_ourselves(text: &str) -> Result<()> {
    let step = || "send ourselves a packet";
    let socket = UdpSocket::bind("127.0.0.1:0").step(step)?;
    socket.send_to(text.as_bytes(), socket.local_addr().step(step)?).step(step)?;
    socket.recv(&mut [0; 64]).step(step).map(drop)
}
