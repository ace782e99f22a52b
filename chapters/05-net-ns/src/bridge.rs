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
//!   alias lab: ip_forward was 0, accept_redirects was 1, rules by nft
//! ```

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage};
use nix::errno::Errno;
use process::{Error, Result, Step};

use crate::forwarding::{self, Before};
use crate::hardening::harden_bridge;
use crate::nat::Nat;
use crate::netlink::Netlink;
use crate::subnet::Subnet;
use crate::sysctl::Sysctl;
use crate::{address, pool};

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
    /// How the host was before there was a bridge.
    pub before: Before,
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
        let Note { before, nat: writer } = link.note;
        let mut bridge = Self { index: link.index, subnet, before, nat: writer };
        if bridge.nat.is_none() && nat.is_some() {
            // Somebody has installed nft since.
            bridge.nat = nat;
            write_note(netlink, link.index, Note { nat, ..link.note })?;
            bridge.join_outside(netlink)?;
        }
        Ok(bridge)
    }

    // ANCHOR: create
    fn create(netlink: &mut Netlink, nat: Option<Nat>) -> Result<Self> {
        let subnet = Subnet::choose(netlink)?;
        let mut link = LinkMessage::default();
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
        let before = Before::look()?;
        write_note(netlink, link.index, Note { before, nat })?;
        // What may be believed and what may pass is settled before anybody can talk.
        harden_bridge(&Sysctl::open()?, BRIDGE)?;
        address::add(netlink, link.index, subnet.gateway())?;
        let bridge = Self { index: link.index, subnet, before, nat };
        bridge.join_outside(netlink)?;
        netlink.set_up(link.index).step(|| format!("switch {BRIDGE} on"))?;
        Ok(bridge)
    }
    // ANCHOR_END: create

    /// The rules, and then the routing; without rules, there is none for containers.
    fn join_outside(&self, netlink: &mut Netlink) -> Result<()> {
        let Some(nat) = self.nat else { return forwarding::switch_off_from(BRIDGE) };
        let mut older = bridges(netlink)?;
        older.retain(|other| other.index < self.index);
        nat.join(self, &older)?;
        forwarding::switch_on(BRIDGE)
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
    if let Some(nat) = link.note.nat {
        // One that was made after ours may count on a host that routes.
        if !bridges(netlink)?.iter().any(|other| other.index > link.index) {
            link.note.before.restore()?;
        }
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
    let note = note.unwrap_or(Note::parse(""));
    Ok(Some(Link { index: link.header.index, note }))
}

/// What the bridge says about the host before it.
#[derive(Clone, Copy)]
struct Note {
    before: Before,
    nat: Option<Nat>,
}

impl Note {
    fn parse(text: &str) -> Self {
        let was_on = |switch: &str| !text.contains(&format!("{switch} was 0"));
        let before = Before {
            forwarding: was_on("ip_forward"),
            accept_redirects: was_on("accept_redirects"),
        };
        Self { before, nat: text.rsplit(' ').next().and_then(Nat::named) }
    }
}

fn write_note(netlink: &mut Netlink, index: u32, note: Note) -> Result<()> {
    let rules = note.nat.map_or("nobody", Nat::name);
    let forward = u8::from(note.before.forwarding);
    let redirects = u8::from(note.before.accept_redirects);
    let mut link = LinkMessage::default();
    link.header.index = index;
    link.attributes.push(LinkAttribute::IfAlias(format!(
        "lab: ip_forward was {forward}, accept_redirects was {redirects}, rules by {rules}"
    )));
    netlink
        .change(RouteNetlinkMessage::SetLink(link))
        .step(|| format!("write down on {BRIDGE} how the host was"))
}

/// A bridge of the host's, ours or another. The kernel numbers links in the order they
/// were made.
pub struct AnyBridge {
    /// Its link's number.
    pub index: u32,
    /// Its link's name.
    pub name: String,
}

fn bridges(netlink: &mut Netlink) -> Result<Vec<AnyBridge>> {
    let answers = netlink
        .dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))
        .step(|| "list the links of the host")?;
    let bridge = LinkInfo::Kind(InfoKind::Bridge);
    let name = |link: &LinkMessage| {
        link.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::IfName(name) => Some(name.clone()),
            _ => None,
        })
    };
    let is_bridge = |link: &LinkMessage| {
        link.attributes.iter().any(|attribute| match attribute {
            LinkAttribute::LinkInfo(info) => info.contains(&bridge),
            _ => false,
        })
    };
    Ok(answers
        .iter()
        .filter_map(|answer| match answer {
            RouteNetlinkMessage::NewLink(link) if is_bridge(link) => {
                Some(AnyBridge { index: link.header.index, name: name(link)? })
            }
            _ => None,
        })
        .collect())
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EPERM) => error.hint(
            "making links needs CAP_NET_ADMIN, which root has on the host, but not in every \
             container; --network none needs none of it",
        ),
        Some(Errno::EEXIST) => error.hint(format!(
            "this host has a link of that name which is not ours: ip link set {BRIDGE} name other0"
        )),
        Some(Errno::EOPNOTSUPP) => error.hint("this kernel has no bridge: modprobe bridge"),
        _ => error,
    }
}
