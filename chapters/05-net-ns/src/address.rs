//! Addresses of links, IPv4 only.
//!
//! A link carries packets without any address; an address is what makes the host, or
//! the container, answer to a number on it. With the prefix comes a route: everybody
//! else in the subnet is reached over this link.

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use process::{Result, Step};

use crate::netlink::Netlink;

/// Gives a link an address, and with it the route to its subnet: to all addresses that
/// agree with it in the first `prefix` bits.
pub fn add(netlink: &mut Netlink, index: u32, address: Ipv4Addr, prefix: u8) -> Result<()> {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.index = index;
    message.header.prefix_len = prefix;
    message.attributes.extend([
        AddressAttribute::Local(IpAddr::V4(address)),
        AddressAttribute::Address(IpAddr::V4(address)),
    ]);
    netlink
        .create(RouteNetlinkMessage::NewAddress(message))
        .step(|| format!("add the address {address}/{prefix}"))
}

/// The first address of a link, and the length of its prefix.
pub fn of(netlink: &mut Netlink, index: u32) -> Result<Option<(Ipv4Addr, u8)>> {
    let mut all = AddressMessage::default();
    all.header.family = AddressFamily::Inet;
    let answers = netlink
        .dump(RouteNetlinkMessage::GetAddress(all))
        .step(|| "list the addresses of the host")?;
    Ok(answers.iter().find_map(|answer| match answer {
        RouteNetlinkMessage::NewAddress(address) if address.header.index == index => {
            address.attributes.iter().find_map(|attribute| match attribute {
                AddressAttribute::Local(IpAddr::V4(local)) => {
                    Some((*local, address.header.prefix_len))
                }
                _ => None,
            })
        }
        _ => None,
    }))
}
