//! Names that need no server: /etc/hosts, hosts(5).
//!
//! ```text
//!   127.0.0.1    localhost
//!   ::1          localhost ip6-localhost
//!   10.76.0.23   web                     the container itself
//!   192.0.2.7    db                      --add-host db:192.0.2.7
//!   10.76.0.1    host.docker.internal    --add-host host.docker.internal:host-gateway
//! ```

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::Names;

/// Where Debian has the name of a host without an address.
const NO_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);

/// A line that was asked for: `NAME:ADDRESS` or `NAME=ADDRESS`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// What the container calls it.
    pub name: String,
    /// Where it is.
    pub address: HostAddress,
}

/// Where a name leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostAddress {
    /// To this address.
    Ip(IpAddr),
    /// To the host, as the container reaches it.
    HostGateway,
}

/// The addresses that there are in the container's network, as far as there are any.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The container's own.
    pub own: Option<Ipv4Addr>,
    /// The host's.
    pub host: Option<Ipv4Addr>,
}

impl Addresses {
    /// Those in the network of the host.
    pub const OF_HOST: Self = Self { own: None, host: Some(Ipv4Addr::LOCALHOST) };
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').or_else(|| text.split_once(':'));
        let (name, address) = parts.ok_or("expected NAME:ADDRESS, such as db:192.0.2.7")?;
        // A blank would begin another name in the file, and a line break another line.
        let ends_it = |c: char| c.is_whitespace() || c.is_control() || c == '#';
        if name.is_empty() || name.contains(ends_it) {
            return Err(format!("{name:?} is no host name"));
        }
        let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
        let address = match bare.unwrap_or(address) {
            "host-gateway" => HostAddress::HostGateway,
            ip => HostAddress::Ip(ip.parse().map_err(|_| {
                format!(
                    "{address:?} is no address: expected 192.0.2.7, 2001:db8::7 or host-gateway"
                )
            })?),
        };
        Ok(Self { name: name.to_owned(), address })
    }
}

impl Names {
    /// What the container's /etc/hosts says.
    ///
    /// # Errors
    /// If a name shall lead to the host, and no address does.
    pub(crate) fn hosts_file(&self, addresses: Addresses) -> Result<String> {
        let Self { hostname, domainname, hosts } = self;
        let names = match domainname {
            Some(domain) => format!("{hostname}.{domain} {hostname}"),
            None => hostname.clone(),
        };
        let own = addresses.own.unwrap_or(NO_ADDRESS);
        let mut text =
            format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n{own}\t{names}\n");
        for Host { name, address } in hosts {
            let ip = match address {
                HostAddress::Ip(ip) => *ip,
                HostAddress::HostGateway => IpAddr::V4(addresses.host.ok_or_else(|| {
                    Error::new(format!(
                        "add the host {name}: no address of its network is the host's"
                    ))
                    .with_hint("host-gateway needs --network bridge or --network host")
                })?),
            };
            text.push_str(&format!("{ip}\t{name}\n"));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_like_dockers() {
        let parsed = |text: &str| {
            let host: Host = text.parse()?;
            Ok::<_, String>(format!("{} {:?}", host.name, host.address))
        };
        for (text, host) in [
            ("db:192.0.2.7", "db Ip(192.0.2.7)"),
            ("db=192.0.2.7", "db Ip(192.0.2.7)"),
            ("six:2001:db8::7", "six Ip(2001:db8::7)"),
            ("six:[2001:db8::7]", "six Ip(2001:db8::7)"),
            ("six=[::1]", "six Ip(::1)"),
            ("out:host-gateway", "out HostGateway"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(host));
        }
        for wrong in ["db", "db:", ":192.0.2.7", "a b:192.0.2.7", "a\n:::1", "db:192.0.2", "#a:::1"]
        {
            assert!(parsed(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
