//! The network of an ordinary user's containers, which to them is the host's.
//!
//! It is made when the first of them wants one, in the user's world, with an uplink if this
//! host has a program for it. Ports of the host lead in by `ports.rs`, a run's own.

use nix::sched::{CloneFlags, unshare};
use process::{Result, Step};

use super::place::{Found, Look, Place, Turn};
use super::refusal;
use super::uplink::Uplink;

/// What the containers on the bridge share.
pub(super) const NETWORK: Place = Place {
    file: "network",
    holder: c"lab:network",
    namespaces: &[("net", CloneFlags::CLONE_NEWNET)],
};

/// Enters it, from the world; it is made if there is none. Its process is in the world as
/// well, so that this stays as long.
///
/// # Errors
/// If it cannot be made.
pub(super) fn join(turn: &Turn, look: Look, world: &Found) -> Result<Found> {
    let found = match look {
        Look::There(found) => found,
        Look::Gone { .. } => NETWORK.make(turn, &[world.as_fd()], connect)?,
    };
    found.join(&NETWORK)?;
    Ok(found)
}

/// Leaves the host's network for a new one without a way out.
pub(super) fn leave() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)
        .step(|| "make a network namespace")
        .map_err(refusal::explain)?;
    net_ns::set_up_loopback()
}

/// Leaves the host's network for a new one with a way out, and returns what is to be said
/// of that.
fn connect() -> Result<String> {
    let uplinks = Uplink::split_off_all();
    leave()?;
    net_ns::hardening::harden_new_links()?;
    Ok(match uplinks.and_then(Uplink::connect_one) {
        Ok(tool) => format!("its way to the outside is {tool}"),
        Err(error) => {
            let hint = error.hint().unwrap_or("lab doctor tells more about this host");
            format!("it has no way to the outside: {error} ({hint})")
        }
    })
}
