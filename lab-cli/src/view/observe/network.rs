//! The network: links, their addresses, and routes, asked of the kernel by netlink.
//!
//! A netlink socket belongs to the network namespace in which it was opened, as every
//! socket does. rtnetlink(7) has a dump request for each of the three tables.

use std::net::IpAddr;

use net_ns::link::Link;
use net_ns::netlink::Netlink;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use process::{Result, Step};
use serde::{Deserialize, Serialize};

use crate::view::text::Text;
use crate::view::words::{Words, shorten};

/// The network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Network {
    /// By the kernel's index.
    pub interfaces: Vec<Interface>,
    /// The unicast routes of the main table.
    pub routes: Vec<Route>,
}

/// One network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// The kernel's index.
    pub index: u32,
    /// Its name.
    pub name: Text,
    /// Whether it is switched on.
    pub up: bool,
    /// Largest packet, in bytes.
    pub mtu: Option<u32>,
    /// Addresses as `192.0.2.2/24`.
    pub addresses: Vec<String>,
}

/// One route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Route {
    /// `default`, or a network as `192.0.2.0/24`.
    pub destination: String,
    /// The next router; `null` for a neighbour network.
    pub gateway: Option<String>,
    /// The interface's name.
    pub interface: Option<Text>,
}

/// The network namespace we are in.
pub fn here() -> Option<Network> {
    look().ok()
}

fn look() -> Result<Network> {
    let netlink = &mut Netlink::open()?;
    let links = netlink.links().step(|| "list the links")?;
    let interfaces = links.iter().map(interface).collect();
    let mut network = Network { interfaces, ..Network::default() };
    let addresses = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    for answer in netlink.dump(addresses).step(|| "list the addresses")? {
        if let RouteNetlinkMessage::NewAddress(message) = answer {
            let index = message.header.index;
            let owner = network.interfaces.iter_mut().find(|link| link.index == index);
            if let (Some(owner), Some(address)) = (owner, address(&message)) {
                owner.addresses.push(format!("{address}/{}", message.header.prefix_len));
            }
        }
    }
    let routes = RouteNetlinkMessage::GetRoute(RouteMessage::default());
    for answer in netlink.dump(routes).step(|| "list the routes")? {
        if let RouteNetlinkMessage::NewRoute(message) = answer {
            network.routes.extend(route(&message, &network.interfaces));
        }
    }
    Ok(network)
}

fn interface(link: &Link) -> Interface {
    Interface {
        index: link.index,
        name: Text::from_bytes(&link.name),
        up: link.is_up,
        mtu: link.mtu,
        addresses: Vec::new(),
    }
}

/// On a point-to-point link `Address` is the other end's, and `Local` is ours.
fn address(message: &AddressMessage) -> Option<IpAddr> {
    let mut address = None;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(local) => return Some(*local),
            AddressAttribute::Address(other) => address = Some(*other),
            _ => {}
        }
    }
    address
}

/// A route that people mean by the word: to somewhere else, from the main table.
fn route(message: &RouteMessage, interfaces: &[Interface]) -> Option<Route> {
    let header = &message.header;
    if header.table != RouteHeader::RT_TABLE_MAIN || header.kind != RouteType::Unicast {
        return None;
    }
    let mut route = Route { destination: String::new(), gateway: None, interface: None };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(network) => {
                route.destination =
                    format!("{}/{}", ip(network)?, header.destination_prefix_length);
            }
            RouteAttribute::Gateway(gateway) => {
                route.gateway = ip(gateway).map(|ip| ip.to_string())
            }
            RouteAttribute::Oif(index) => {
                let interface = interfaces.iter().find(|interface| interface.index == *index);
                route.interface = interface.map(|interface| interface.name.clone());
            }
            _ => {}
        }
    }
    if route.destination.is_empty() {
        let is_v6 = header.address_family == AddressFamily::Inet6;
        route.destination = if is_v6 { "default (IPv6)" } else { "default" }.to_owned();
    }
    Some(route)
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

impl Words for Network {
    fn brief(&self) -> String {
        let line = |link: &Interface| match link.addresses.first() {
            Some(address) if !address.starts_with("127.") => format!("{} {address}", link.name),
            _ if !link.up => format!("{} down", link.name),
            _ => link.name.to_string(),
        };
        // Interfaces with an address tell most, and the line may be cut off.
        let (used, unused): (Vec<_>, Vec<_>) =
            self.interfaces.iter().partition(|link| !link.addresses.is_empty());
        let lines: Vec<_> = used.into_iter().chain(unused).map(line).collect();
        if lines.is_empty() { "no interface".to_owned() } else { lines.join(", ") }
    }

    fn full(&self) -> Vec<String> {
        let mut links = Vec::new();
        for link in &self.interfaces {
            let state = if link.up { "up" } else { "down" };
            let mtu = link.mtu.map_or(String::new(), |mtu| format!(", mtu {mtu}"));
            links.push(format!("{} {state}{mtu}", link.name));
            links.extend(link.addresses.iter().map(|address| format!("  {address}")));
        }
        let route = |route: &Route| {
            let via =
                route.gateway.as_ref().map_or(String::new(), |gateway| format!(" via {gateway}"));
            let dev = route.interface.as_ref().map_or(String::new(), |name| format!(" dev {name}"));
            format!("{}{via}{dev}", route.destination)
        };
        let mut lines = shorten(links);
        if self.routes.is_empty() {
            lines.push("no routes".to_owned());
        }
        lines.extend(shorten(self.routes.iter().map(route).collect()));
        lines
    }
}
