//! A switch in the kernel, to plug containers into: a bridge, `lab0`.
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
//!   alias lab: ip_forward was 0, accept_redirects was 1, rules by nft
//! ```

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage};
use nix::errno::Errno;
use process::{Error, Result, Step};

use crate::forwarding::{self, Before};
use crate::hardening::harden_bridge;
use crate::link::Link;
use crate::nat::{Lan, Nat};
use crate::netlink::Netlink;
use crate::subnet::Subnet;
use crate::sysctl::Sysctl;
use crate::{address, pool};

/// The MAC address of a bridge of ours, "lab0" in ASCII: we know it by that. It has to be
/// given. A bridge without takes the lowest of its ports', and changes it as they come and go.
const MAC: [u8; 6] = [0x02, b'l', b'a', b'b', b'0', 0];

/// The bridge, made whole.
#[derive(Clone, Copy, Debug)]
pub struct Bridge {
    /// Its link's name.
    pub name: &'static str,
    /// Its link's number.
    pub index: u32,
    /// The addresses on it.
    pub subnet: Subnet,
    /// How the host was before there was a bridge.
    pub before: Before,
    /// What wrote its rules; `None` if there was nothing that could.
    pub nat: Option<Nat>,
}

impl Bridge {
    /// The bridge called `name` as it is, or a new one. The caller holds the lock.
    pub fn ensure(netlink: &mut Netlink, name: &'static str, nat: Option<Nat>) -> Result<Self> {
        let Some(link) = find(netlink, name)? else { return Self::create(netlink, name, nat) };
        // An address is taken on a finished bridge only. So one that nobody is on
        // was left half made, or half removed, by a runtime that was killed.
        if pool::claims(netlink, link.index)?.is_empty() {
            remove(netlink, name, &link)?;
            return Self::create(netlink, name, nat);
        }
        let (gateway, prefix) = address::of(netlink, link.index)?.ok_or_else(|| {
            Error::new(format!("the bridge {name} has lost its address"))
                .with_hint("end the containers that are on it; the next one makes it anew")
        })?;
        let subnet = Subnet::of(gateway, prefix);
        let Note { before, nat: writer } = Note::on(&link);
        let mut bridge = Self { name, index: link.index, subnet, before, nat: writer };
        if bridge.nat.is_none() && nat.is_some() {
            // Somebody has installed nft since.
            bridge.nat = nat;
            bridge.write_note(netlink)?;
            bridge.join_outside(netlink)?;
        }
        Ok(bridge)
    }

    // ANCHOR: create
    fn create(netlink: &mut Netlink, name: &'static str, nat: Option<Nat>) -> Result<Self> {
        let subnet = Subnet::choose(netlink)?;
        let mut link = LinkMessage::default();
        link.attributes.extend([
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::Address(MAC.to_vec()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
        ]);
        netlink
            .create(RouteNetlinkMessage::NewLink(link))
            .step(|| format!("make the bridge {name}"))
            .map_err(|error| explain(error, name))?;
        let gone = || Error::new(format!("{name} has gone again"));
        let index = find(netlink, name)?.ok_or_else(gone)?.index;

        // First how it was, then the change: a crash in between costs nothing.
        let bridge = Self { name, index, subnet, before: Before::look()?, nat };
        bridge.write_note(netlink)?;
        // The rules about what is believed and what may pass stand before anybody can talk.
        harden_bridge(&Sysctl::open()?, name)?;
        address::add(netlink, index, subnet.gateway(), subnet.prefix())?;
        bridge.join_outside(netlink)?;
        netlink.set_up(index).step(|| format!("switch {name} on"))?;
        Ok(bridge)
    }
    // ANCHOR_END: create

    /// The rules, and then the routing; without rules, there is none for containers.
    fn join_outside(&self, netlink: &mut Netlink) -> Result<()> {
        let Self { name, index, subnet, before, nat } = *self;
        let Some(nat) = nat else { return forwarding::switch_off_from(name) };
        let mut older = bridges(netlink)?;
        older.retain(|other| other.index < index);
        let was_router = before.forwarding;
        nat.join(&Lan { bridge: name, index, subnet, was_router, older: &older })?;
        forwarding::switch_on(name)
    }

    fn write_note(&self, netlink: &mut Netlink) -> Result<()> {
        let rules = self.nat.map_or("nobody", Nat::name);
        let forward = u8::from(self.before.forwarding);
        let redirects = u8::from(self.before.accept_redirects);
        let mut link = LinkMessage::default();
        link.header.index = self.index;
        link.attributes.push(LinkAttribute::IfAlias(format!(
            "lab: ip_forward was {forward}, accept_redirects was {redirects}, rules by {rules}"
        )));
        netlink
            .change(RouteNetlinkMessage::SetLink(link))
            .step(|| format!("write down on {} how the host was", self.name))
    }
}

/// Finds the bridge; a link of that name which is not ours is none.
pub fn find(netlink: &mut Netlink, name: &str) -> Result<Option<Link>> {
    let link = netlink.link(name).step(|| format!("look for the bridge {name}"))?;
    Ok(link.filter(|link| link.mac == MAC))
}

/// Removes the bridge, on which nobody is any more, and puts the host back as it was. The
/// caller holds the lock.
///
/// The veth of a container that has just died may still be plugged in: the kernel
/// takes down a network namespace in its own time. It is no container any more, and
/// does not mind.
pub fn remove(netlink: &mut Netlink, name: &str, link: &Link) -> Result<()> {
    let note = Note::on(link);
    if let Some(nat) = note.nat {
        // One that was made after ours may count on a host that routes.
        if !bridges(netlink)?.iter().any(|other| other.index > link.index) {
            note.before.restore()?;
        }
        nat.part(name)?;
    }
    // It goes last: the note is on it.
    let mut gone = LinkMessage::default();
    gone.header.index = link.index;
    netlink.change(RouteNetlinkMessage::DelLink(gone)).step(|| format!("remove the bridge {name}"))
}

/// What the bridge says about the host before it.
struct Note {
    before: Before,
    nat: Option<Nat>,
}

impl Note {
    /// Without one, nothing else of the host has been touched yet.
    fn on(link: &Link) -> Self {
        let text = String::from_utf8_lossy(&link.alias);
        let was_on = |switch: &str| !text.contains(&format!("{switch} was 0"));
        let before = Before {
            forwarding: was_on("ip_forward"),
            accept_redirects: was_on("accept_redirects"),
        };
        Self { before, nat: text.rsplit(' ').next().and_then(Nat::named) }
    }
}

/// The bridges of the host, ours and others.
fn bridges(netlink: &mut Netlink) -> Result<Vec<Link>> {
    let mut links = netlink.links().step(|| "list the links of the host")?;
    links.retain(|link| link.kind == b"bridge");
    Ok(links)
}

fn explain(error: Error, name: &str) -> Error {
    match error.errno() {
        Some(Errno::EPERM) => error.with_hint(
            "making links needs CAP_NET_ADMIN, which root has on the host, but not in every \
             container; --network none needs none of it",
        ),
        Some(Errno::EEXIST) => error.with_hint(format!(
            "this host has a link of that name which is not ours: ip link set {name} name other0"
        )),
        Some(Errno::EOPNOTSUPP) => error.with_hint("this kernel has no bridge: modprobe bridge"),
        _ => error,
    }
}
