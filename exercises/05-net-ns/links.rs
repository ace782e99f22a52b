//! Links, their addresses and routes, as far as a cable needs them: rtnetlink(7).
//!
//! Every function asks the network namespace of the process that calls it. A message is a
//! header, a fixed part of its kind, and attributes: length, kind, value.

#![allow(dead_code, reason = "not every runtime needs all of it")]

use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};
use nix::unistd::Pid;
use process::{Result, Step};

/// What veth(4) calls the other end: `VETH_INFO_PEER`.
const PEER: u16 = 1;
/// The bit in a link's flags that says it is on.
const UP: u32 = libc::IFF_UP as u32;

/// Makes a cable; both ends are in this namespace, and off.
pub fn lay_cable(one: &str, other: &str) -> Result<()> {
    let mut cable = Message::of_link(libc::RTM_NEWLINK, 0, 0, 0).named(one);
    cable.nested(libc::IFLA_LINKINFO, |info| {
        info.attribute(libc::IFLA_INFO_KIND, b"veth");
        info.nested(libc::IFLA_INFO_DATA, |data| {
            data.nested(PEER, |peer| {
                peer.0.extend([0; 16]);
                peer.attribute(libc::IFLA_IFNAME, other.as_bytes());
            });
        });
    });
    cable.create().step(|| format!("lay the cable {one}, {other}"))
}

/// Moves a link into the network namespace of a process.
pub fn move_to(link: &str, pid: Pid) -> Result<()> {
    let step = || format!("move {link} to process {pid}");
    let mut moved = Message::of_link(libc::RTM_SETLINK, index(link).step(step)?, 0, 0);
    moved.attribute(libc::IFLA_NET_NS_PID, &pid.as_raw().to_ne_bytes());
    moved.change().step(step)
}

/// Gives a link another name; the kernel wants it to be off.
pub fn rename(link: &str, name: &str) -> Result<()> {
    let step = || format!("rename {link} to {name}");
    let renamed = Message::of_link(libc::RTM_SETLINK, index(link).step(step)?, 0, 0).named(name);
    renamed.change().step(step)
}

/// Switches a link on.
pub fn set_up(link: &str) -> Result<()> {
    let step = || format!("switch {link} on");
    Message::of_link(libc::RTM_SETLINK, index(link).step(step)?, UP, UP).change().step(step)
}

/// Switches a link off.
pub fn set_down(link: &str) -> Result<()> {
    let step = || format!("switch {link} off");
    Message::of_link(libc::RTM_SETLINK, index(link).step(step)?, 0, UP).change().step(step)
}

/// Gives a link an address, in a subnet with a prefix of that many bits.
pub fn add_address(link: &str, address: Ipv4Addr, prefix: u8) -> Result<()> {
    let step = || format!("add the address {address}/{prefix} to {link}");
    let mut head = vec![libc::AF_INET as u8, prefix, 0, 0];
    head.extend(index(link).step(step)?.to_ne_bytes());
    let mut added = Message::new(libc::RTM_NEWADDR, &head);
    added.attribute(libc::IFA_LOCAL, &address.octets());
    added.create().step(step)
}

/// Leads everything that no other route leads anywhere to a gateway.
pub fn add_default_route(gateway: Ipv4Addr) -> Result<()> {
    let (table, protocol) = (libc::RT_TABLE_MAIN, libc::RTPROT_BOOT);
    let (scope, kind) = (libc::RT_SCOPE_UNIVERSE, libc::RTN_UNICAST);
    let head = [libc::AF_INET as u8, 0, 0, 0, table, protocol, scope, kind, 0, 0, 0, 0];
    let mut route = Message::new(libc::RTM_NEWROUTE, &head);
    route.attribute(libc::RTA_GATEWAY, &gateway.octets());
    route.create().step(|| format!("add the default route via {gateway}"))
}

/// A link's number in this namespace.
fn index(link: &str) -> nix::Result<u32> {
    let answer = Message::of_link(libc::RTM_GETLINK, 0, 0, 0).named(link).exchange(0)?;
    // Header, family and type, then the number.
    let bytes = answer.get(20..24).and_then(|bytes| bytes.first_chunk());
    bytes.map(|bytes| u32::from_ne_bytes(*bytes)).ok_or(Errno::EPROTO)
}

/// A message under construction. Its header is completed when it is sent.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16, head: &[u8]) -> Self {
        let mut bytes = vec![0; 16];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes.extend(head);
        Self(bytes)
    }

    /// About a link: the flags, and a mask of those that are to be set so.
    fn of_link(kind: u16, index: u32, flags: u32, mask: u32) -> Self {
        let head: Vec<u8> =
            [0, index, flags, mask].into_iter().flat_map(u32::to_ne_bytes).collect();
        Self::new(kind, &head)
    }

    fn named(mut self, name: &str) -> Self {
        self.attribute(libc::IFLA_IFNAME, name.as_bytes());
        self
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.nested(kind, |inside| inside.0.extend(value));
    }

    /// An attribute whose value is made of attributes.
    fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.extend([0, 0]);
        self.0.extend(kind.to_ne_bytes());
        fill(self);
        let length = (self.0.len() - start) as u16;
        self.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// Makes something new; an error if it is there already.
    fn create(self) -> nix::Result<()> {
        self.exchange(libc::NLM_F_CREATE | libc::NLM_F_EXCL | libc::NLM_F_ACK).map(drop)
    }

    /// Changes what is there.
    fn change(self) -> nix::Result<()> {
        self.exchange(libc::NLM_F_ACK).map(drop)
    }

    /// Sends it, and returns the kernel's answer, which is also how it refuses.
    fn exchange(mut self, flags: libc::c_int) -> nix::Result<Vec<u8>> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[6..8].copy_from_slice(&((flags | libc::NLM_F_REQUEST) as u16).to_ne_bytes());
        let netlink = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        )?;
        send(netlink.as_raw_fd(), &self.0, MsgFlags::empty())?;
        let mut answer = vec![0; 16 * 1024];
        let length = recv(netlink.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        answer.truncate(length);
        let kind = answer.get(4..6) == Some(&(libc::NLMSG_ERROR as u16).to_ne_bytes());
        match answer.get(16..20).and_then(|bytes| bytes.first_chunk()).filter(|_| kind) {
            // An error of 0 is the acknowledgement.
            Some(error) if *error != [0; 4] => Err(Errno::from_raw(-i32::from_ne_bytes(*error))),
            _ => Ok(answer),
        }
    }
}
