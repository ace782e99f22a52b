//! A range of addresses: all that agree in the first bits.

use std::net::Ipv4Addr;
use std::str::FromStr;

/// Such as 10.1.2.0/24.
#[derive(Clone, Copy, Debug)]
pub struct Subnet {
    /// The first address, the network's own.
    pub network: Ipv4Addr,
    /// In how many bits all agree, 8 to 30.
    pub prefix: u8,
}

impl FromStr for Subnet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(network, prefix)| {
            Some(Self { network: network.parse().ok()?, prefix: prefix.parse().ok()? })
        });
        match parsed {
            Some(subnet) if (8..=30).contains(&subnet.prefix) => Ok(subnet),
            _ => Err("expected a subnet such as 10.1.2.0/24".to_owned()),
        }
    }
}
