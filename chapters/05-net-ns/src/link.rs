//! A link, read from the kernel's answer: rtnetlink(7).
//!
//! ```text
//!   struct ifinfomsg   family, type, index, flags, change        16 bytes
//!   attributes         length, kind, value, padding to 4 bytes   as many as there are:
//!                        IFLA_IFNAME   "lab0\0"
//!                        IFLA_ADDRESS  02 6c 61 62 30 00
//!                        IFLA_LINKINFO an attribute again: IFLA_INFO_KIND "bridge"
//! ```
//!
//! A bridge has about fifty. The library would read them all, and make up a text for
//! each in case it could not, which takes longer than all else that we do with a link.
//! So the few that matter here are read by hand.

use nix::libc;

use crate::attributes::{Attributes, number};

/// The size of `struct ifinfomsg`, in bytes.
const HEADER: usize = 16;

/// The state of a link that carries packets, RFC 2863.
const IF_OPER_UP: u8 = 6;

/// What is told of a link, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its number. The kernel counts links in the order they were made.
    pub index: u32,
    /// Whether it is switched on.
    pub is_up: bool,
    /// Whether there is somebody at its other end.
    pub carries: bool,
    /// Its name: bytes that somebody has chosen.
    pub name: Vec<u8>,
    /// Its MAC address, six bytes on an Ethernet.
    pub mac: Vec<u8>,
    /// What somebody has written on it: `ip link set … alias …`.
    pub alias: Vec<u8>,
    /// The largest packet, in bytes.
    pub mtu: Option<u32>,
    /// `bridge`, `veth` …; nothing for a card.
    pub kind: Vec<u8>,
}

impl Link {
    /// Reads what follows the header of a NEWLINK.
    pub(crate) fn parse(message: &[u8]) -> Option<Self> {
        let (header, attributes) = message.split_at_checked(HEADER)?;
        let mut link = Self {
            index: number(&header[4..])?,
            is_up: number(&header[8..])? & libc::IFF_UP as u32 != 0,
            ..Self::default()
        };
        for (kind, value) in Attributes(attributes) {
            match kind {
                libc::IFLA_IFNAME => link.name = text(value),
                libc::IFLA_ADDRESS => link.mac = value.to_owned(),
                libc::IFLA_IFALIAS => link.alias = text(value),
                libc::IFLA_OPERSTATE => link.carries = value == [IF_OPER_UP],
                libc::IFLA_MTU => link.mtu = number(value),
                libc::IFLA_LINKINFO => {
                    let mut inner = Attributes(value);
                    let kind = inner.find(|(kind, _)| *kind == libc::IFLA_INFO_KIND);
                    link.kind = kind.map(|(_, value)| text(value)).unwrap_or_default();
                }
                _ => {}
            }
        }
        Some(link)
    }
}

/// Without the zero at its end.
fn text(value: &[u8]) -> Vec<u8> {
    value.split(|&byte| byte == 0).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_ends_too_soon_is_read_as_far_as_it_goes() {
        let mut message = vec![0; HEADER];
        message[4..8].copy_from_slice(&7_u32.to_ne_bytes());
        for (length, kind, value) in
            [(9_u16, libc::IFLA_IFNAME, b"lab0\0\0\0\0"), (200, 1, b"????????")]
        {
            message.extend(length.to_ne_bytes());
            message.extend(kind.to_ne_bytes());
            message.extend(value);
        }
        let read = Link { index: 7, name: b"lab0".into(), ..Link::default() };
        assert_eq!(Link::parse(&message), Some(read));
        assert_eq!(Link::parse(&message[..HEADER - 1]), None);
    }
}
