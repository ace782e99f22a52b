//! Which addresses on the bridge are taken, and by whom.
//!
//! Two runtimes must never give out the same address, be they started in the same
//! instant or with different state directories. The bridge is one per network namespace, so
//! the list of its neighbours belongs there too, and the kernel has the right table
//! already: the *neighbours* of a link, address and MAC.
//!
//! ```text
//!   $ ip neigh show dev lab0
//!   10.76.0.23  lladdr 3e:9c:0a:1b:2c:4d  PERMANENT     container 3f9c0a1b2c4d
//! ```
//!
//! The container's id has twelve hexadecimal digits and a MAC address six bytes: the
//! entry names its owner. It outlives a runtime that is killed, until it is swept,
//! so that nothing still pointing at a dead container can ever reach a living one.
//! And the host needs no ARP to find its containers.

use std::net::Ipv4Addr;

use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use process::{Error, Result, Step};

use crate::{Neighbour, Netlink, Subnet};

/// The address of a container's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac([u8; 6]);

impl Mac {
    /// The one that a container with this id has.
    pub fn of(id: &str) -> Result<Self> {
        let number = u64::from_str_radix(id, 16)
            .map_err(|_| Error::new(format!("{id} is no container's id")))?;
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&number.to_be_bytes()[2..]);
        // Of the first byte, bit 0 means "a group", bit 1 "not from a factory".
        bytes[0] = bytes[0] & !1 | 2;
        Ok(Self(bytes))
    }

    /// Its six bytes.
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// An address, and the container that has it.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The container's address.
    pub address: Ipv4Addr,
    /// The container.
    pub owner: Mac,
}

/// Every address of the bridge that is taken.
pub fn claims(netlink: &mut Netlink, bridge: u32) -> Result<Vec<Claim>> {
    let known = netlink.neighbours().step(|| "list the neighbours of the bridge")?;
    // The others the kernel has learned by itself.
    let written = known.iter().filter(|entry| entry.index == bridge && entry.is_permanent);
    let claim = |entry: &Neighbour| Claim { address: entry.address, owner: Mac(entry.mac) };
    Ok(written.map(claim).collect())
}

/// Takes an address nobody has. The caller holds the lock.
///
/// The search starts at a place that the id tells, not at the lowest: other
/// containers remember for half a minute which MAC an address had, so one that has
/// just been given back should not be the next to be given out.
pub fn take(netlink: &mut Netlink, bridge: u32, subnet: Subnet, owner: Mac) -> Result<Ipv4Addr> {
    let taken = claims(netlink, bridge)?;
    let first = u32::from(u16::from_be_bytes([owner.0[4], owner.0[5]]));
    let room = subnet.room();
    let address = (0..room)
        .map(|step| subnet.container((first + step) % room))
        .find(|address| !taken.iter().any(|claim| claim.address == *address))
        .ok_or_else(|| {
            Error::new(format!("take an address: all {room} of {subnet} are taken")).with_hint(
                "`ip neigh show dev lab0` lists them; `lab clean` frees those of the dead",
            )
        })?;
    netlink
        .create(RouteNetlinkMessage::NewNeighbour(entry(bridge, Claim { address, owner })))
        .step(|| format!("take the address {address}"))?;
    Ok(address)
}

/// Gives an address back.
pub fn give_back(netlink: &mut Netlink, bridge: u32, claim: Claim) -> Result<()> {
    netlink
        .change(RouteNetlinkMessage::DelNeighbour(entry(bridge, claim)))
        .step(|| format!("give back the address {}", claim.address))
}

fn entry(bridge: u32, claim: Claim) -> NeighbourMessage {
    let mut entry = NeighbourMessage::default();
    entry.header.family = AddressFamily::Inet;
    entry.header.ifindex = bridge;
    entry.header.state = NeighbourState::Permanent;
    entry.attributes.extend([
        NeighbourAttribute::Destination(NeighbourAddress::Inet(claim.address)),
        NeighbourAttribute::LinkLayerAddress(claim.owner.bytes()),
    ]);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_the_id_marked_as_local_and_of_one_host() -> Result<()> {
        assert_eq!(Mac::of("3f9c0a1b2c4d")?, Mac([0x3e, 0x9c, 0x0a, 0x1b, 0x2c, 0x4d]));
        assert_eq!(Mac::of("000000000001")?, Mac([0x02, 0, 0, 0, 0, 1]));
        assert!(Mac::of("nonsense").is_err());
        Ok(())
    }
}
