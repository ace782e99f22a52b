//! Links that believe nobody: router advertisements and redirects, switched off.
//!
//! The kernel lets the network configure it. One packet, a *router advertisement*
//! (RFC 4861), and it has an IPv6 address, and its default route leads through whoever
//! sent that; another one, an ICMP *redirect*, and the way to one address is changed.
//! It takes no more than the right to send raw packets, which even chapter 9 leaves:
//!
//! ```text
//!   container                                the host, without IPv6 until then
//!     "I am a router" ──▶ eth0 ── lab0 ──▶   default via fe80::bad dev lab0 proto ra
//! ```
//!
//! From then on, all that prefers IPv6 goes through the container (CVE-2020-13401). So
//! nothing of it is believed, on either end of the cable: the neighbours on the bridge
//! could send the same. This chapter has IPv4 only, so IPv6 is off altogether; and
//! should an administrator switch it on everywhere, the other switches still hold.
//!
//! They are set before the link is on. A moment later would be a moment too late.

use nix::errno::Errno;
use process::Result;

use crate::sysctl::Sysctl;
use crate::veth::ETH0;

/// Those of a link for IPv6, see the kernel's networking/ip-sysctl.
const IPV6: [(&str, &str); 4] =
    [("disable_ipv6", "1"), ("accept_ra", "0"), ("autoconf", "0"), ("accept_redirects", "0")];

// ANCHOR: harden
/// Makes a link, while it is off, deaf to whoever wants to configure it.
pub fn harden(sysctl: &Sysctl, link: &str) -> Result<()> {
    sysctl.set(&format!("ipv4/conf/{link}/accept_redirects"), "0")?;
    for (switch, value) in IPV6 {
        match sysctl.set(&format!("ipv6/conf/{link}/{switch}"), value) {
            // This kernel has no IPv6.
            Err(error) if error.errno() == Some(Errno::ENOENT) => {}
            done => done?,
        }
    }
    Ok(())
}
// ANCHOR_END: harden

/// The same for the bridge, where moreover nobody may call under a stranger's address: the
/// answer would have to leave by the link that the question came from.
pub fn harden_bridge(sysctl: &Sysctl, bridge: &str) -> Result<()> {
    sysctl.set(&format!("ipv4/conf/{bridge}/rp_filter"), "1")?;
    harden(sysctl, bridge)
}

/// The same for the container's end.
///
/// A host that is no router believes IPv4 redirects if either the link does or "all" of
/// them.
pub fn harden_inside(sysctl: &Sysctl) -> Result<()> {
    sysctl.set("ipv4/conf/all/accept_redirects", "0")?;
    harden(sysctl, ETH0)
}

/// The same for all links that this network namespace is going to have.
///
/// # Errors
/// If a switch cannot be set.
pub fn harden_new_links() -> Result<()> {
    harden(&Sysctl::open()?, "default")
}
