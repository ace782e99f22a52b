//! Making the host a router: `net.ipv4.ip_forward` and its kin.
//!
//! A host drops packets that arrive and are not for itself; a router sends them on.
//! The switch is one per network namespace, and it belongs to the administrator: we
//! write down how we found it ([`crate::bridge`] keeps that) and put it back.
//!
//! Left out on purpose: the firewall. Where another program has set the policy of
//! its FORWARD chain to *drop* (Docker does, `ufw` too), containers here reach each
//! other and the host, and are reached through published ports from the host itself;
//! what comes from or goes to the outside stays blocked until that program is told
//! to let `lab0` pass. No rule of ours can overrule another's drop.

use std::fs;

use nix::errno::Errno;
use process::{Error, Result, Step};

const IP_FORWARD: &str = "/proc/sys/net/ipv4/ip_forward";

/// Whether this namespace routes.
pub fn is_on() -> Result<bool> {
    let text = fs::read_to_string(IP_FORWARD).step(|| format!("read {IP_FORWARD}"))?;
    Ok(text.trim() != "0")
}

/// Makes it route, or stop to.
pub fn switch(on: bool) -> Result<()> {
    match is_on()? == on {
        true => Ok(()),
        false => write(IP_FORWARD, if on { "1" } else { "0" }),
    }
}

/// Lets packets with a loopback address pass through one link.
///
/// A client on the host that calls 127.0.0.1 sends *from* 127.0.0.1 as well, and
/// after the destination was rewritten such a packet has to leave through the
/// bridge. The kernel calls it a martian and drops it, except on links where this
/// is on. The reverse way stays shut: see the guard in [`crate::nat`].
pub fn allow_loopback_through(link: &str) -> Result<()> {
    write(&format!("/proc/sys/net/ipv4/conf/{link}/route_localnet"), "1")
}

fn write(path: &str, value: &str) -> Result<()> {
    fs::write(path, value).step(|| format!("write {value} to {path}")).map_err(explain)
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EROFS) => error.hint(
            "/proc/sys is read-only here, as inside of a container; --network none needs none of it",
        ),
        Some(Errno::EACCES | Errno::EPERM) => {
            error.hint("changing the host's network needs root; --network none does not")
        }
        _ => error,
    }
}
