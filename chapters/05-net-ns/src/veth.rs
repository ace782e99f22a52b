//! A cable with two ends: `veth(4)`.
//!
//! All that is sent into one end comes out of the other, and the two may be in different
//! network namespaces: it is how packets cross the border. We never have to push an end
//! over it. One message makes both, the inner one directly in the container's namespace,
//! the outer one already plugged into the bridge:
//!
//! ```text
//!   NEWLINK  lab3f9c0a1b2c4d  kind veth  master lab0
//!              └ peer  eth0  address 3e:9c:…  namespace of pid 4711
//! ```
//!
//! Nobody has to remove it: when the namespace goes, its end goes, and with one end
//! the whole cable. Both ends are born off, and hardened before they are switched on.
//! IPv6 is left out on purpose, so this chapter has one kind of address to learn.

use std::net::Ipv4Addr;

use netlink_packet_route::link::{
    InfoBridgePort, InfoData, InfoKind, InfoPortData, InfoPortKind, InfoVeth, LinkAttribute,
    LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use nix::unistd::Pid;
use process::{Error, Result, Step};

use crate::pool::Mac;
use crate::{LOOPBACK, Netlink, Subnet, Sysctl, add_address, harden, harden_inside};

/// The inner end's name, as the first network card of a machine is called.
pub const ETH0: &str = "eth0";

// ANCHOR: create
/// Lays the cable from the bridge into the network namespace of `pid`.
pub fn create(netlink: &mut Netlink, id: &str, bridge: u32, pid: Pid, mac: Mac) -> Result<()> {
    let mut inner = LinkMessage::default();
    inner.attributes.extend([
        LinkAttribute::IfName(ETH0.to_owned()),
        LinkAttribute::Address(mac.bytes()),
        LinkAttribute::NetNsPid(pid.as_raw().cast_unsigned()),
    ]);
    let mut outer = LinkMessage::default();
    outer.attributes.extend([
        LinkAttribute::IfName(name(id)),
        LinkAttribute::Controller(bridge),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(inner))),
        ]),
    ]);
    let lay = |netlink: &mut Netlink| netlink.create(RouteNetlinkMessage::NewLink(outer.clone()));
    let laid = match lay(netlink) {
        // Of the same container, started again: its last namespace is still on its way out.
        Err(Errno::EEXIST) => remove(netlink, id).map(|()| lay(netlink))?,
        laid => laid,
    };
    laid.step(|| format!("lay the cable {} into the container", name(id))).map_err(explain)
}
// ANCHOR_END: create

/// Switches the outer end on.
pub fn set_up(netlink: &mut Netlink, sysctl: &Sysctl, id: &str) -> Result<()> {
    let name = name(id);
    harden(sysctl, &name)?;
    let link = netlink.link(&name).step(|| format!("look for {name}"))?;
    let link = link.ok_or_else(|| Error::new(format!("the cable {name} has gone again")))?;
    netlink.set_up(link.index).step(|| format!("switch {name} on"))
}

/// Whether the cable of the container `id` is still there.
pub fn is_there(netlink: &mut Netlink, id: &str) -> Result<bool> {
    netlink.link(&name(id)).map(|link| link.is_some()).step(|| format!("look for {}", name(id)))
}

/// Takes the cable away, if it is there: both ends go with one.
pub fn remove(netlink: &mut Netlink, id: &str) -> Result<()> {
    let step = || format!("remove the cable {}", name(id));
    let Some(link) = netlink.link(&name(id)).step(step)? else { return Ok(()) };
    match netlink.remove(link.index) {
        // The namespace may have gone meanwhile.
        Err(Errno::ENODEV) => Ok(()),
        removed => removed.step(step),
    }
}

/// Lets the bridge send a packet back out of the port it came in by.
///
/// A switch never does this by itself: on a real cable, the neighbour would have seen
/// the packet already. But where the kernel shows bridged packets to the IP rules as
/// well (`br_netfilter`), a container that calls its own published port gets its
/// packets redirected right here, to itself.
pub fn allow_hairpin(netlink: &mut Netlink, id: &str) -> Result<()> {
    let mut port = LinkMessage::default();
    port.attributes.extend([
        LinkAttribute::IfName(name(id)),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::PortKind(InfoPortKind::Bridge),
            LinkInfo::PortData(InfoPortData::BridgePort(vec![InfoBridgePort::HairpinMode(true)])),
        ]),
    ]);
    netlink
        .change(RouteNetlinkMessage::NewLink(port))
        .step(|| format!("let {} send packets back to itself", name(id)))
}

/// In the container: switches the loopback link on, which is born down.
pub fn set_up_loopback(netlink: &mut Netlink) -> Result<()> {
    netlink.set_up(LOOPBACK).step(|| "switch lo on")
}

// ANCHOR: configure
/// In the container: gives `eth0` its address, and leads everything else to the
/// gateway.
pub fn configure(
    netlink: &mut Netlink,
    sysctl: &Sysctl,
    address: Ipv4Addr,
    subnet: Subnet,
) -> Result<()> {
    let link = netlink.link(ETH0).step(|| format!("look for {ETH0}"))?;
    let link = link.ok_or_else(|| Error::new(format!("the container has no {ETH0}")))?;
    harden_inside(sysctl)?;
    add_address(netlink, link.index, address, subnet.prefix())?;
    // Not sooner: an end is refused to be switched on before it has its other one.
    netlink.set_up(link.index).step(|| format!("switch {ETH0} on"))?;
    // And this not before: a gateway has to be in reach.
    add_default_route(netlink, subnet.gateway())
}
// ANCHOR_END: configure

/// The outer end's name. It is at most 15 bytes long: "lab" and the id just fit.
fn name(id: &str) -> String {
    format!("lab{id}")
}

/// Leads everything that has no other way to the gateway.
pub fn add_default_route(netlink: &mut Netlink, gateway: Ipv4Addr) -> Result<()> {
    let mut route = RouteMessage::default();
    route.header.address_family = AddressFamily::Inet;
    route.header.table = RouteHeader::RT_TABLE_MAIN;
    route.header.protocol = RouteProtocol::Boot;
    route.header.scope = RouteScope::Universe;
    route.header.kind = RouteType::Unicast;
    // No destination and a prefix of 0 bits: everything.
    route.attributes.push(RouteAttribute::Gateway(RouteAddress::Inet(gateway)));
    netlink
        .create(RouteNetlinkMessage::NewRoute(route))
        .step(|| format!("add the default route via {gateway}"))
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EOPNOTSUPP) => error.with_hint("this kernel has no veth: modprobe veth"),
        Some(Errno::EXFULL) => error.with_hint("a bridge has at most 1023 ports"),
        _ => error,
    }
}
