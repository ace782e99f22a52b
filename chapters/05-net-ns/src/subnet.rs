//! A range of addresses that nobody on this host uses yet.
//!
//! Addresses of containers are private: they mean something on the bridge and
//! nowhere else. But the host must not be able to reach the same numbers by another
//! way (an office network, a VPN, Docker's own bridge), or one of the two becomes
//! unreachable. So before the bridge gets its address, we read the host's routes and
//! take the first candidate that none of them touches.

use std::net::Ipv4Addr;

use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::netlink::Netlink;

/// The ranges to choose from, in this order. All of them are private, RFC 1918.
const CANDIDATES: [Ipv4Addr; 8] = [
    Ipv4Addr::new(10, 76, 0, 0),
    Ipv4Addr::new(10, 176, 0, 0),
    Ipv4Addr::new(10, 201, 76, 0),
    Ipv4Addr::new(172, 29, 76, 0),
    Ipv4Addr::new(172, 22, 176, 0),
    Ipv4Addr::new(192, 168, 76, 0),
    Ipv4Addr::new(192, 168, 176, 0),
    Ipv4Addr::new(192, 168, 228, 0),
];

/// Routes to more addresses than a /8 has are a default route in another dress: a
/// VPN likes to set `0.0.0.0/1` and `128.0.0.0/1`.
const SHORTEST_PREFIX: u8 = 8;

/// Their length, in bits. 10 are left for the hosts, 1,022 of them, and a bridge of the
/// kernel's has 1,023 ports.
const PREFIX: u8 = 22;

/// The addresses that agree in their first bits. Of its hosts, the first is the bridge, the
/// others are containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    network: Ipv4Addr,
    prefix: u8,
}

impl Subnet {
    /// The subnet that a host with this address is in.
    pub fn of(address: Ipv4Addr, prefix: u8) -> Self {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        Self { network: Ipv4Addr::from_bits(address.to_bits() & mask), prefix }
    }

    /// The first candidate that no route of this host touches.
    pub fn choose(netlink: &mut Netlink) -> Result<Self> {
        let taken = routes(netlink)?;
        let is_free = |subnet: &Self| !taken.iter().any(|route| subnet.overlaps(*route));
        CANDIDATES.into_iter().map(|network| Self::of(network, PREFIX)).find(is_free).ok_or_else(
            || {
                Error::new("choose a subnet for the bridge: the host has routes to all candidates")
                    .with_hint(
                        "`ip route` lists them; a container with --network none needs no subnet",
                    )
            },
        )
    }

    /// The address of the bridge, which is the containers' gateway.
    pub fn gateway(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network.to_bits() + 1)
    }

    /// How many containers have room.
    pub fn room(self) -> u32 {
        // Not for them are the network, the bridge and the broadcast address.
        1_u32.checked_shl(32 - u32::from(self.prefix)).unwrap_or(u32::MAX).saturating_sub(3)
    }

    /// The address of the `n`th container, counted from 0.
    pub fn container(self, n: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network.to_bits() + 2 + n)
    }

    /// Its own address: the one of no host.
    pub fn network(self) -> Ipv4Addr {
        self.network
    }

    /// The length of its prefix, in bits.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    fn overlaps(self, (address, prefix): (Ipv4Addr, u8)) -> bool {
        // Two ranges overlap if they agree in as many bits as the shorter prefix has.
        let shared = 32 - u32::from(prefix.min(self.prefix));
        (self.network.to_bits() ^ address.to_bits()) >> shared == 0
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// Where this host's routes lead, of all routing tables.
fn routes(netlink: &mut Netlink) -> Result<Vec<(Ipv4Addr, u8)>> {
    let mut all = RouteMessage::default();
    all.header.address_family = AddressFamily::Inet;
    let answers =
        netlink.dump(RouteNetlinkMessage::GetRoute(all)).step(|| "list the routes of the host")?;
    let destination = |route: &RouteMessage| {
        let prefix = route.header.destination_prefix_length;
        route.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::Destination(RouteAddress::Inet(address)) => Some((*address, prefix)),
            _ => None,
        })
    };
    Ok(answers
        .iter()
        .filter_map(|answer| match answer {
            RouteNetlinkMessage::NewRoute(route) => destination(route),
            _ => None,
        })
        .filter(|(_, prefix)| *prefix >= SHORTEST_PREFIX)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_overlaps_its_neighbourhood_and_no_other() {
        let subnet = Subnet::of(Ipv4Addr::new(10, 76, 0, 0), 22);
        let overlaps = |a, b, c, d, prefix| subnet.overlaps((Ipv4Addr::new(a, b, c, d), prefix));
        assert!(overlaps(10, 0, 0, 0, 8));
        assert!(overlaps(10, 76, 0, 0, 24));
        assert!(overlaps(10, 76, 0, 77, 32));
        assert!(overlaps(10, 76, 3, 0, 24));
        assert!(!overlaps(10, 76, 4, 0, 24));
        assert!(!overlaps(11, 0, 0, 0, 8));
    }

    #[test]
    fn the_bridge_comes_first() {
        let subnet = Subnet::of(Ipv4Addr::new(10, 76, 2, 99), PREFIX);
        assert_eq!(subnet.to_string(), "10.76.0.0/22");
        assert_eq!(subnet.gateway(), Ipv4Addr::new(10, 76, 0, 1));
        assert_eq!(subnet.container(0), Ipv4Addr::new(10, 76, 0, 2));
        assert_eq!(subnet.container(subnet.room() - 1), Ipv4Addr::new(10, 76, 3, 254));
    }

    #[test]
    fn every_candidate_begins_where_a_subnet_does() {
        assert!(CANDIDATES.iter().all(|&network| Subnet::of(network, PREFIX).network() == network));
    }
}
