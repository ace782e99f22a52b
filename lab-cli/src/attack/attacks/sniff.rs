//! The host's network traffic, read along.

use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, socket as open_socket,
};
use process::{Result, Step};

use crate::attack::attacker::{tell_host, wait_for_end};
use crate::attack::conversation::Conversation;
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
        // The attacker says that it listens, and is told when all is said: nobody has to guess
        // how long that takes.
        let command = target.prepare::<&str>(LAB, &[], LAB, &[]);
        let mut attacker = Conversation::begin(target, command)?;
        if attacker.hear()?.is_some() {
            talk_to_ourselves(target.secret)?;
        }
        Ok(attacker.end(target)?.has_read(target.secret, "a packet of the host"))
    },
    inside: |_| {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (packet, all) = (AddressFamily::Packet, SockProtocol::EthAll);
        let tap = open_socket(packet, SockType::Raw, flags, all).step(|| "open a packet socket")?;
        tell_host("")?;
        wait_for_end()?;
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
