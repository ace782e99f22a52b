//! Talking to the kernel's network stack: `rtnetlink(7)`.
//!
//! Links, addresses, routes and neighbours have no system calls of their own. One
//! sends a message into a socket of the family `AF_NETLINK`, and the kernel answers
//! into the same socket; `ip` does nothing else.
//!
//! ```text
//!   change   NEWLINK lab0, ACK ────▶        ◀── ERROR 0        done
//!                                           ◀── ERROR -EEXIST  refused, and why
//!   get      GETLINK lab0, ACK ────▶        ◀── NEWLINK …, then ERROR 0
//!   dump     GETROUTE, DUMP ───────▶        ◀── NEWROUTE …, NEWROUTE …, DONE
//! ```
//!
//! A socket belongs to the network namespace in which it was made, and so does
//! everything that is asked through it. The bytes are the library's business.

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkFlags, LinkMessage};
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::libc;
use process::{Result, Step};

use crate::link::Link;
use crate::neighbour::Neighbour;

/// The index of `lo`, the first link of every network namespace.
pub const LOOPBACK: u32 = 1;

/// The kernel never puts more into one datagram of a dump, in bytes.
const LONGEST_DATAGRAM: usize = 32 * 1024;

/// The size of `struct nlmsghdr`, in bytes.
const HEADER: usize = 16;

/// A conversation with one network namespace.
pub struct Netlink {
    socket: Socket,
    sequence: u32,
}

impl Netlink {
    /// Opens one with the namespace this process is in.
    pub fn open() -> Result<Self> {
        let socket = Socket::new(NETLINK_ROUTE).step(|| "open a netlink socket")?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Makes something new; `EEXIST` if it is there already.
    pub fn create(&mut self, message: RouteNetlinkMessage) -> nix::Result<()> {
        self.exchange(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL).map(drop)
    }

    /// Changes or removes what is there.
    pub fn change(&mut self, message: RouteNetlinkMessage) -> nix::Result<()> {
        self.exchange(message, NLM_F_ACK).map(drop)
    }

    /// Lists everything of one kind.
    pub fn dump(&mut self, message: RouteNetlinkMessage) -> nix::Result<Vec<RouteNetlinkMessage>> {
        let answers = self.exchange(message, NLM_F_DUMP)?;
        // We use nothing that the library cannot read.
        let read = |answer: &Vec<u8>| match NetlinkMessage::deserialize(answer).ok()?.payload {
            NetlinkPayload::InnerMessage(answer) => Some(answer),
            _ => None,
        };
        Ok(answers.iter().filter_map(read).collect())
    }

    /// All links of this namespace, in the order of their numbers.
    pub fn links(&mut self) -> nix::Result<Vec<Link>> {
        let mut all = LinkMessage::default();
        // The counters of packets would be half of the answer.
        all.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        let answers = self.exchange(RouteNetlinkMessage::GetLink(all), NLM_F_DUMP)?;
        Ok(answers.iter().filter_map(|answer| Link::parse(&answer[HEADER..])).collect())
    }

    /// All IPv4 neighbours that this namespace knows of, on whichever link.
    pub fn neighbours(&mut self) -> nix::Result<Vec<Neighbour>> {
        let mut all = NeighbourMessage::default();
        all.header.family = AddressFamily::Inet;
        let answers = self.exchange(RouteNetlinkMessage::GetNeighbour(all), NLM_F_DUMP)?;
        Ok(answers.iter().filter_map(|answer| Neighbour::parse(&answer[HEADER..])).collect())
    }

    /// A link by its name; `None` if this namespace has none of that name.
    pub fn link(&mut self, name: &str) -> nix::Result<Option<Link>> {
        let mut wanted = LinkMessage::default();
        wanted.attributes.push(LinkAttribute::IfName(name.to_owned()));
        let answers = match self.exchange(RouteNetlinkMessage::GetLink(wanted), NLM_F_ACK) {
            Err(Errno::ENODEV) => return Ok(None),
            answers => answers?,
        };
        Ok(answers.iter().find_map(|answer| Link::parse(&answer[HEADER..])))
    }

    /// Switches a link on.
    pub fn set_up(&mut self, index: u32) -> nix::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        self.change(RouteNetlinkMessage::SetLink(link))
    }

    /// Removes a link.
    pub fn remove(&mut self, index: u32) -> nix::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        self.change(RouteNetlinkMessage::DelLink(link))
    }

    /// Whether we may change anything in this network: it takes CAP_NET_ADMIN in the user
    /// namespace that it belongs to. The kernel is asked to change a link that is not there.
    pub fn may_change(&mut self) -> Result<bool> {
        let mut link = LinkMessage::default();
        link.header.index = i32::MAX as u32;
        match self.change(RouteNetlinkMessage::SetLink(link)) {
            Err(Errno::EPERM) => Ok(false),
            Err(Errno::ENODEV) => Ok(true),
            other => other.step(|| "ask what may be changed in this network").map(|()| true),
        }
    }

    /// Sends one request and gathers the answers up to the kernel's last word.
    fn exchange(&mut self, message: RouteNetlinkMessage, flags: u16) -> nix::Result<Vec<Vec<u8>>> {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::from(message));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        let kernel = SocketAddr::new(0, 0);
        self.socket.send_to(&bytes, &kernel, 0).map_err(errno)?;

        let mut answers = Vec::new();
        loop {
            let mut datagram = Vec::with_capacity(LONGEST_DATAGRAM);
            self.socket.recv(&mut datagram, 0).map_err(errno)?;
            // One datagram carries several messages, each padded to four bytes.
            let mut rest = &datagram[..];
            while let Some(length) = length_of(rest) {
                let message = &rest[..length];
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                match (kind(message), &message[HEADER..]) {
                    (libc::NLMSG_DONE, _) | (libc::NLMSG_ERROR, [0, 0, 0, 0, ..]) => {
                        return Ok(answers);
                    }
                    (libc::NLMSG_ERROR, code) => return Err(refusal(code)),
                    _ => answers.push(message.to_owned()),
                }
            }
        }
    }
}

/// The length of the next whole message: its first field, header included.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
    (HEADER..=bytes.len()).contains(&length).then_some(length)
}

/// What a message is: the second field of its header.
fn kind(message: &[u8]) -> i32 {
    i32::from(u16::from_ne_bytes([message[4], message[5]]))
}

/// Why the kernel refuses, a negative number.
fn refusal(code: &[u8]) -> Errno {
    code.first_chunk().map_or(Errno::EIO, |code| Errno::from_raw(-i32::from_ne_bytes(*code)))
}

fn errno(error: std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
