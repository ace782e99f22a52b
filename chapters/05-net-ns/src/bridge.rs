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
use serde::{Deserialize, Serialize};

use crate::{
    Before, Lan, Link, Nat, Netlink, Subnet, Sysctl, add_address, address_of, harden_bridge, pool,
    route_from, route_nothing_from,
};

/// The MAC address of a bridge of ours, "lab0" in ASCII: we know it by that. It has to be
/// given. A bridge without takes the lowest of its ports', and changes it as they come and go.
const MAC: [u8; 6] = [0x02, b'l', b'a', b'b', b'0', 0];

/// A bridge that containers can be on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Its link's name, of 15 bytes at most.
    pub name: String,
    /// The addresses on it, where it has to be made; `None`: a range that nobody uses yet.
    pub subnet: Option<Subnet>,
}

/// The one that all are on who want no other.
impl Default for Bridge {
    fn default() -> Self {
        Self { name: "lab0".to_owned(), subnet: None }
    }
}

/// A bridge, made whole.
#[derive(Clone, Debug)]
pub struct Switch {
    /// Its link's name.
    pub name: String,
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
    /// Finds it as it is, or makes it. The caller holds the lock.
    pub fn ensure(&self, netlink: &mut Netlink, nat: Option<Nat>) -> Result<Switch> {
        let name = &self.name;
        let Some(link) = find(netlink, name)? else { return self.create(netlink, nat) };
        // An address is taken on a finished bridge only. So one that nobody is on
        // was left half made, or half removed, by a runtime that was killed.
        if pool::claims(netlink, link.index)?.is_empty() {
            remove(netlink, name, &link)?;
            return self.create(netlink, nat);
        }
        let (gateway, prefix) = address_of(netlink, link.index)?.ok_or_else(|| {
            Error::new(format!("the bridge {name} has lost its address"))
                .with_hint("end the containers that are on it; the next one makes it anew")
        })?;
        let subnet = Subnet::of(gateway, prefix);
        let Note { before, nat: writer } = Note::on(&link);
        let mut bridge =
            Switch { name: name.clone(), index: link.index, subnet, before, nat: writer };
        if bridge.nat.is_none() && nat.is_some() {
            // Somebody has installed nft since.
            bridge.nat = nat;
            bridge.write_note(netlink)?;
            bridge.join_outside(netlink)?;
        }
        Ok(bridge)
    }

    // ANCHOR: create
    fn create(&self, netlink: &mut Netlink, nat: Option<Nat>) -> Result<Switch> {
        let name = &self.name;
        let subnet = self.subnet.map_or_else(|| Subnet::choose(netlink), Ok)?;
        let mut link = LinkMessage::default();
        link.attributes.extend([
            LinkAttribute::IfName(name.clone()),
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
        let before = Before::look()?;
        let bridge = Switch { name: name.clone(), index, subnet, before, nat };
        bridge.write_note(netlink)?;
        // The rules about what is believed and what may pass stand before anybody can talk.
        harden_bridge(&Sysctl::open()?, name)?;
        add_address(netlink, index, subnet.gateway(), subnet.prefix())?;
        bridge.join_outside(netlink)?;
        netlink.set_up(index).step(|| format!("switch {name} on"))?;
        Ok(bridge)
    }
    // ANCHOR_END: create
}

impl Switch {
    /// The rules, and then the routing; without rules, there is none for containers.
    fn join_outside(&self, netlink: &mut Netlink) -> Result<()> {
        let Self { name, index, subnet, before, nat } = self;
        let Some(nat) = nat else { return route_nothing_from(name) };
        let mut older = bridges(netlink)?;
        older.retain(|other| other.index < *index);
        let (index, subnet, was_router) = (*index, *subnet, before.forwarding);
        nat.join(&Lan { bridge: name, index, subnet, was_router, older: &older })?;
        route_from(name)
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
    netlink.remove(link.index).step(|| format!("remove the bridge {name}"))
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
