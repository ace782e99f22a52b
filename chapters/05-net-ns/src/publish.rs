//! Ports of the host that lead into the container: `-p`.
//!
//! A packet for a published port never reaches a program of the host: its
//! destination is rewritten before anybody looks who listens ([`crate::nat`]). So
//! nothing would keep a second program from opening the same port, and it would wait
//! there in vain. That is why we open it ourselves and hold it as long as the
//! container lives, without ever accepting. A port that somebody has already is then
//! an error before anything was made, and `ss -ltnp` tells whose it is.
//!
//! The network in which this runs need not be the host's: chapter 8 has one for ordinary
//! users, and a helper that holds the ports on the host and leads them in. Each of the host's
//! addresses has a loopback address to stand in for it there.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::str::FromStr;

use nix::errno::Errno;
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

/// Where a helper outside holds the ports, this variable has the addresses on the host,
/// one for each wish.
pub const HELD_OUTSIDE: &str = "LAB_PORTS_HELD_OUTSIDE";

/// What a port belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// A stream of bytes.
    Tcp,
    /// Single messages.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A wish: `[[IP:]HOST:]CONTAINER[/tcp|/udp]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// Address and port on the host; 0.0.0.0 is every address, port 0 any free one.
    pub host: SocketAddrV4,
    /// The port in the container.
    pub container: u16,
    /// What both ports belong to.
    pub protocol: Protocol,
}

impl FromStr for Publish {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (ports, protocol) = match text.split_once('/') {
            None | Some((_, "tcp")) => (text.trim_end_matches("/tcp"), Protocol::Tcp),
            Some((ports, "udp")) => (ports, Protocol::Udp),
            Some((_, other)) => return Err(Error::new(format!("unknown protocol {other}"))),
        };
        if text.contains('[') {
            return Err(Error::new("IPv6 addresses are not supported"));
        }
        let (host, container) = ports.rsplit_once(':').unwrap_or(("", ports));
        let (address, host) = host.rsplit_once(':').unwrap_or(("", host));
        let address = match address {
            "" => Ipv4Addr::UNSPECIFIED,
            address => {
                address.parse().map_err(|_| Error::new(format!("{address} is no IPv4 address")))?
            }
        };
        let host = if host.is_empty() { 0 } else { port(host)? };
        match port(container)? {
            0 => Err(Error::new("the container's port cannot be 0")),
            container => Ok(Self { host: SocketAddrV4::new(address, host), container, protocol }),
        }
    }
}

fn port(text: &str) -> Result<u16> {
    if text.contains('-') {
        return Err(Error::new("ranges of ports are not supported: name each port"));
    }
    text.parse().map_err(|_| Error::new(format!("{text:?} is no port")))
}

impl std::fmt::Display for Publish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, container, protocol } = self;
        write!(f, "{host}->{container}/{}", protocol.name())
    }
}

/// A wish that came true: the port is held, and known.
#[derive(Debug)]
pub struct Published {
    /// Address and port in this network.
    pub host: SocketAddrV4,
    /// The same as the user knows it: another one only if it is held outside.
    pub shown: SocketAddrV4,
    /// The port in the container.
    pub container: u16,
    /// What both ports belong to.
    pub protocol: Protocol,
    /// Whether the port on the host was left to us.
    pub is_random: bool,
    held: OwnedFd,
}

impl std::fmt::Display for Published {
    /// `127.0.0.1:18080->80/tcp`, as `docker ps` has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { shown: host, container, protocol, .. } = *self;
        write!(f, "{}", Publish { host, container, protocol })
    }
}

impl Published {
    /// Opens the ports of all wishes.
    ///
    /// # Errors
    /// If one is in use, is wished for twice, or belongs to no address of this host.
    pub fn reserve_all(wishes: &[Publish]) -> Result<Vec<Self>> {
        let mut held_outside = held_outside().into_iter();
        let mut published: Vec<Self> = Vec::new();
        for wish in wishes {
            let is_same =
                |other: &Self| (other.shown, other.protocol) == (wish.host, wish.protocol);
            if published.iter().any(is_same) {
                return Err(Error::new(format!("publish {}: asked for twice", wish.host)));
            }
            published.push(match held_outside.next() {
                Some(shown) => {
                    let host = SocketAddrV4::new(stand_in(*shown.ip()), shown.port());
                    let is_random = wish.host.port() == 0;
                    Self { shown, is_random, ..Self::reserve(&Publish { host, ..*wish })? }
                }
                None => Self::reserve(wish)?,
            });
        }
        Ok(published)
    }

    /// Where the helper that holds it outside finds it in the network of the containers.
    pub fn stand_in(&self) -> SocketAddrV4 {
        let ip = match stand_in(*self.shown.ip()) {
            any if any.is_unspecified() => Ipv4Addr::LOCALHOST,
            ip => ip,
        };
        SocketAddrV4::new(ip, self.shown.port())
    }

    // ANCHOR: reserve
    /// Opens the port on the host, and keeps it from everybody else.
    fn reserve(wish: &Publish) -> Result<Self> {
        let Publish { mut host, container, protocol } = *wish;
        let opened = match protocol {
            Protocol::Tcp => TcpListener::bind(host)
                .and_then(|socket| Ok((socket.local_addr()?, OwnedFd::from(socket)))),
            Protocol::Udp => UdpSocket::bind(host)
                .and_then(|socket| Ok((socket.local_addr()?, OwnedFd::from(socket)))),
        };
        let (local, held) =
            opened.step(|| format!("publish {host}")).map_err(|error| explain(error, wish))?;
        let is_random = host.port() == 0;
        host.set_port(local.port());
        Ok(Self { host, shown: host, container, protocol, is_random, held })
    }
    // ANCHOR_END: reserve
}

impl From<Published> for OwnedFd {
    /// The socket, which listens: for who leads its clients in.
    fn from(port: Published) -> Self {
        port.held
    }
}

/// What an address of the host is in a network that has none of them: two containers may have
/// the same port of different addresses.
fn stand_in(ip: Ipv4Addr) -> Ipv4Addr {
    let [_, b, c, d] = ip.octets();
    if ip.is_unspecified() { ip } else { Ipv4Addr::new(127, b, c, d) }
}

/// What [`HELD_OUTSIDE`] says; nothing in the host's own network.
fn held_outside() -> Vec<SocketAddrV4> {
    let list = std::env::var(HELD_OUTSIDE).unwrap_or_default();
    list.split(' ').filter_map(|address| address.parse().ok()).collect()
}

fn explain(error: Error, wish: &Publish) -> Error {
    let port = wish.host.port();
    match error.errno() {
        Some(Errno::EADDRINUSE) => {
            let list = if wish.protocol == Protocol::Tcp { "-ltnp" } else { "-lunp" };
            error.with_hint(format!("`ss {list} 'sport = :{port}'` shows who has it"))
        }
        Some(Errno::EADDRNOTAVAIL) => {
            error.with_hint("the host has no such address; `ip address` lists those it has")
        }
        Some(Errno::EACCES) => error.with_hint("ports below 1024 need root"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        match text.parse::<Publish>() {
            Ok(publish) => publish.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn ports_are_written_as_for_docker() {
        assert_eq!(parsed("18080:80"), "0.0.0.0:18080->80/tcp");
        assert_eq!(parsed("127.0.0.1:18080:80"), "127.0.0.1:18080->80/tcp");
        assert_eq!(parsed("5353:53/udp"), "0.0.0.0:5353->53/udp");
        assert_eq!(parsed("80"), "0.0.0.0:0->80/tcp");
        assert_eq!(parsed("127.0.0.1::80/tcp"), "127.0.0.1:0->80/tcp");
    }

    #[test]
    fn what_is_no_port_says_why() {
        assert_eq!(parsed("8000-8010:80"), "ranges of ports are not supported: name each port");
        assert_eq!(parsed("http:80"), "\"http\" is no port");
        assert_eq!(parsed("80:70000"), "\"70000\" is no port");
        assert_eq!(parsed("80:0"), "the container's port cannot be 0");
        assert_eq!(parsed("80:80/sctp"), "unknown protocol sctp");
        assert_eq!(parsed("[::1]:80:80"), "IPv6 addresses are not supported");
        assert_eq!(parsed("1.2.3:80:80"), "1.2.3 is no IPv4 address");
        assert_eq!(parsed(""), "\"\" is no port");
    }
}
