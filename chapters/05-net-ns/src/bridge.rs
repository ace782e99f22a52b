//! A switch in the kernel, to plug containers into: the bridge `lab0`.
//!
//! ```text
//!   container A          container B             the host
//!     eth0  10.76.0.23     eth0  10.76.0.77        lab0  10.76.0.1 ── routes ── eth0
//!       └────── veth ────────┴────── veth ──────────┘
//! ```
//!
//! The host has one end of its own on the switch: that is the address of the bridge,
//! and the containers' gateway. The first container makes it all, the last one that
//! leaves removes it, and what it changed on the host is written on the bridge itself
//! (`ip link show lab0`), so that whoever comes last knows, and nothing can get
//! lost:
//!
//! ```text
//!   alias lab: ip_forward was 0, rules by nft
//! ```

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use nix::errno::Errno;
use process::{Error, Result, Step};

use crate::nat::Nat;
use crate::netlink::Netlink;
use crate::subnet::Subnet;
use crate::{address, forwarding, pool};

/// Its name.
pub const BRIDGE: &str = "lab0";

/// Its MAC address, "lab0" in ASCII: by it we know our own. It has to be given. A
/// bridge without takes the lowest of its ports', and changes it as they come and go.
const MAC: [u8; 6] = [0x02, b'l', b'a', b'b', b'0', 0];

/// The bridge, made whole.
#[derive(Clone, Copy, Debug)]
pub struct Bridge {
    /// Its link's number.
    pub index: u32,
    /// The addresses on it.
    pub subnet: Subnet,
    /// What wrote its rules; `None` if there was nothing that could.
    pub nat: Option<Nat>,
}

impl Bridge {
    /// The bridge as it is, or a new one. The caller holds the lock.
    pub fn ensure(netlink: &mut Netlink, nat: Option<Nat>) -> Result<Self> {
        let Some(link) = find(netlink)? else { return Self::create(netlink, nat) };
        // An address is taken on a finished bridge only. So one that nobody is on
        // was left half made, or half removed, by a runtime that was killed.
        if pool::claims(netlink, link.index)?.is_empty() {
            remove(netlink)?;
            return Self::create(netlink, nat);
        }
        let gateway = address::of(netlink, link.index)?.ok_or_else(|| {
            Error::new(format!("the bridge {BRIDGE} has lost its address"))
                .hint("end the containers that are on it; the next one makes it anew")
        })?;
        let subnet = Subnet::of(gateway);
        let mut bridge = Self { index: link.index, subnet, nat: link.note.nat };
        if bridge.nat.is_none() && nat.is_some() {
            // Somebody has installed nft since.
            bridge.nat = nat;
            write_note(netlink, link.index, Note { nat, ..link.note })?;
            bridge.write_rules()?;
        }
        Ok(bridge)
    }

    // ANCHOR: create
    fn create(netlink: &mut Netlink, nat: Option<Nat>) -> Result<Self> {
        let subnet = Subnet::choose(netlink)?;
        let mut link = LinkMessage::default();
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        link.attributes.extend([
            LinkAttribute::IfName(BRIDGE.to_owned()),
            LinkAttribute::Address(MAC.to_vec()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
        ]);
        netlink
            .create(RouteNetlinkMessage::NewLink(link))
            .step(|| format!("make the bridge {BRIDGE}"))
            .map_err(explain)?;
        let link = find(netlink)?.ok_or_else(|| Error::new(format!("{BRIDGE} has gone again")))?;

        // First how it was, then the change: a crash in between costs nothing.
        write_note(netlink, link.index, Note { was_forwarding: forwarding::is_on()?, nat })?;
        address::add(netlink, link.index, subnet.gateway())?;
        let bridge = Self { index: link.index, subnet, nat };
        bridge.write_rules()?;
        forwarding::switch(true)?;
        Ok(bridge)
    }
    // ANCHOR_END: create

    fn write_rules(&self) -> Result<()> {
        self.nat.map_or(Ok(()), |nat| nat.join(self.subnet))
    }
}

/// Removes the bridge, if nobody is on it any more. The caller holds the lock.
///
/// The veth of a container that has just died may still be plugged in: the kernel
/// takes down a network namespace in its own time. It is no container any more, and
/// does not mind.
pub fn remove_if_unused(netlink: &mut Netlink) -> Result<bool> {
    match find(netlink)? {
        Some(link) if pool::claims(netlink, link.index)?.is_empty() => {
            remove(netlink).map(|()| true)
        }
        _ => Ok(false),
    }
}

/// Puts the host back as it was. The bridge goes last: the note is on it.
fn remove(netlink: &mut Netlink) -> Result<()> {
    let Some(link) = find(netlink)? else { return Ok(()) };
    if !link.note.was_forwarding && !has_younger_bridge(netlink, link.index)? {
        forwarding::switch(false)?;
    }
    if let Some(nat) = link.note.nat {
        nat.part()?;
    }
    let mut gone = LinkMessage::default();
    gone.header.index = link.index;
    netlink
        .change(RouteNetlinkMessage::DelLink(gone))
        .step(|| format!("remove the bridge {BRIDGE}"))
}

/// The link called `lab0`.
pub struct Link {
    /// Its number.
    pub index: u32,
    note: Note,
}

/// Finds our bridge; a link of that name which is not ours is none.
pub fn find(netlink: &mut Netlink) -> Result<Option<Link>> {
    let link = netlink.link(BRIDGE).step(|| format!("look for the bridge {BRIDGE}"))?;
    let ours = LinkAttribute::Address(MAC.to_vec());
    let Some(link) = link.filter(|link| link.attributes.contains(&ours)) else { return Ok(None) };
    let note = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfAlias(text) => Some(Note::parse(text)),
        _ => None,
    });
    // Without a note, nothing else of the host has been touched yet.
    let untouched = Note { was_forwarding: true, nat: None };
    Ok(Some(Link { index: link.header.index, note: note.unwrap_or(untouched) }))
}

/// What the bridge says about the host before it.
#[derive(Clone, Copy)]
struct Note {
    was_forwarding: bool,
    nat: Option<Nat>,
}

impl Note {
    fn parse(text: &str) -> Self {
        let nat = text.rsplit(' ').next().and_then(Nat::named);
        Self { was_forwarding: !text.contains("ip_forward was 0"), nat }
    }
}

fn write_note(netlink: &mut Netlink, index: u32, note: Note) -> Result<()> {
    let rules = note.nat.map_or("nobody", Nat::name);
    let forward = u8::from(note.was_forwarding);
    let mut link = LinkMessage::default();
    link.header.index = index;
    link.attributes
        .push(LinkAttribute::IfAlias(format!("lab: ip_forward was {forward}, rules by {rules}")));
    netlink
        .change(RouteNetlinkMessage::SetLink(link))
        .step(|| format!("write down on {BRIDGE} how the host was"))
}

/// Whether another bridge was made after ours, which may count on a host that
/// routes. The kernel numbers links in the order they were made.
fn has_younger_bridge(netlink: &mut Netlink, index: u32) -> Result<bool> {
    let answers = netlink
        .dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))
        .step(|| "list the links of the host")?;
    let bridge = LinkInfo::Kind(InfoKind::Bridge);
    Ok(answers.iter().any(|answer| match answer {
        RouteNetlinkMessage::NewLink(link) if link.header.index > index => {
            link.attributes.iter().any(|attribute| match attribute {
                LinkAttribute::LinkInfo(info) => info.contains(&bridge),
                _ => false,
            })
        }
        _ => false,
    }))
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EPERM) => {
            error.hint("making links needs root: run it with sudo, or with --network none")
        }
        Some(Errno::EEXIST) => error.hint(format!(
            "this host has a link of that name which is not ours: ip link set {BRIDGE} name other0"
        )),
        Some(Errno::EOPNOTSUPP) => error.hint("this kernel has no bridge: modprobe bridge"),
        _ => error,
    }
}
