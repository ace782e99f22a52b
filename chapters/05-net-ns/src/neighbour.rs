//! A neighbour, read from the kernel's answer: which MAC address an IP address has,
//! arp(7).
//!
//! ```text
//!   struct ndmsg   family, padding, index, state, flags, type    12 bytes
//!   attributes     NDA_DST     10.76.0.23
//!                  NDA_LLADDR  3e 9c 0a 1b 2c 4d
//! ```
//!
//! There is one for each container on a bridge. They are read by hand, as a
//! [link](crate::link) is.

use std::net::Ipv4Addr;

use nix::libc;

use crate::attributes::{Attributes, number};

/// The size of `struct ndmsg`, in bytes.
const HEADER: usize = 12;

/// What is told of a neighbour on an Ethernet, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The number of the link that leads to it.
    pub index: u32,
    /// Whether somebody has written it down. The others the kernel has learned by itself.
    pub is_permanent: bool,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its MAC address.
    pub mac: [u8; 6],
}

impl Neighbour {
    /// Reads what follows the header of a NEWNEIGH; `None` for one without a MAC address.
    pub(crate) fn parse(message: &[u8]) -> Option<Self> {
        let (header, attributes) = message.split_at_checked(HEADER)?;
        let (mut address, mut mac) = (None, None);
        for (kind, value) in Attributes(attributes) {
            match kind {
                libc::NDA_DST => address = <[u8; 4]>::try_from(value).ok(),
                libc::NDA_LLADDR => mac = value.try_into().ok(),
                _ => {}
            }
        }
        Some(Self {
            index: number(&header[4..])?,
            is_permanent: header[8..10] == libc::NUD_PERMANENT.to_ne_bytes(),
            address: address?.into(),
            mac: mac?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_without_a_mac_address_is_none() {
        let mut message = vec![0; HEADER];
        message[4..8].copy_from_slice(&7_u32.to_ne_bytes());
        message[8..10].copy_from_slice(&libc::NUD_PERMANENT.to_ne_bytes());
        message.extend([8, 0, 1, 0, 10, 76, 0, 23]);
        assert_eq!(Neighbour::parse(&message), None);
        message.extend([10, 0, 2, 0, 2, 0, 0, 0, 0, 9, 0, 0]);
        let address = Ipv4Addr::new(10, 76, 0, 23);
        let read = Neighbour { index: 7, is_permanent: true, address, mac: [2, 0, 0, 0, 0, 9] };
        assert_eq!(Neighbour::parse(&message), Some(read));
        assert_eq!(Neighbour::parse(&message[..HEADER - 1]), None);
    }
}
