//! Making the host a router: `net.ipv4.ip_forward` and its kin.
//!
//! A host drops packets that arrive and are not for itself; a router sends them on,
//! whoever they are from. The switch is one per network namespace, and it belongs to the
//! administrator: we write down how we found it ([`crate::bridge`] keeps that) and put it
//! back. Who may use the router meanwhile is said by rules ([`crate::nat`]), so it is
//! switched on after them, and where nothing can write any, not at all.
//!
//! Left out on purpose: other firewalls. Where another program has set the policy of
//! its FORWARD chain to *drop* (Docker does, `ufw` too), containers here reach each
//! other and the host, and are reached through published ports from the host itself;
//! what comes from or goes to the outside stays blocked until that program is told
//! to let `lab0` pass. No rule of ours can overrule another's drop.

use process::Result;

use crate::sysctl::Sysctl;

const IP_FORWARD: &str = "ipv4/ip_forward";
const ACCEPT_REDIRECTS: &str = "ipv4/conf/all/accept_redirects";

/// How a host was before it became a router for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Whether it was one already.
    pub forwarding: bool,
    /// Whether it believed ICMP redirects, which the kernel decides anew each time
    /// that forwarding is switched: a host does, a router does not.
    pub accept_redirects: bool,
}

impl Before {
    /// How this network namespace is now.
    pub fn look() -> Result<Self> {
        let sysctl = Sysctl::open()?;
        let is_on = |name| Ok::<_, process::Error>(sysctl.get(name)? != b"0");
        Ok(Self { forwarding: is_on(IP_FORWARD)?, accept_redirects: is_on(ACCEPT_REDIRECTS)? })
    }

    /// Makes it again what it was.
    pub fn restore(self) -> Result<()> {
        if self.forwarding {
            return Ok(());
        }
        let sysctl = Sysctl::open()?;
        sysctl.set(IP_FORWARD, "0")?;
        sysctl.set(ACCEPT_REDIRECTS, if self.accept_redirects { "1" } else { "0" })
    }
}

/// Makes the host a router for what comes from `link`, among others.
pub fn route_from(link: &str) -> Result<()> {
    let sysctl = Sysctl::open()?;
    sysctl.set(IP_FORWARD, "1")?;
    sysctl.set(&from(link), "1")
}

/// Sends nothing on that comes from `link`, even if the host is a router for others.
pub fn route_nothing_from(link: &str) -> Result<()> {
    Sysctl::open()?.set(&from(link), "0")
}

fn from(link: &str) -> String {
    format!("ipv4/conf/{link}/forwarding")
}

/// Lets packets with a loopback address pass through one link.
///
/// A client on the host that calls 127.0.0.1 sends *from* 127.0.0.1 as well, and
/// after the destination was rewritten such a packet has to leave through the
/// bridge. The kernel calls it a martian and drops it, except on links where this
/// is on. The reverse way stays shut: see the guard in [`crate::nat`].
pub fn allow_loopback_through(link: &str) -> Result<()> {
    Sysctl::open()?.set(&format!("ipv4/conf/{link}/route_localnet"), "1")
}
