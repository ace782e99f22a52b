//! The network of an ordinary user's containers, which stands in for the host's.
//!
//! It is made for the first of them that wants one, in the user's world, with an uplink if this
//! host has a program for it. The ports that lead in are each run's own: `ports/`.

use nix::sched::{CloneFlags, unshare};
use process::record::Identity;
use process::{Namespace, Result, Step};

use super::holder::Built;
use super::place::{Found, Look, Place, Turn};
use super::refusal;
use super::uplink::Uplink;

/// What the containers on the bridge share.
pub(super) const NETWORK: Place =
    Place { file: "network", holder: c"lab:network", namespaces: &[Namespace::Net] };

/// Joins it, from the world; it is made if there is none. Its holder keeps the world's lock
/// open, so that the world stays as long.
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

/// What is to be said of its way to the outside.
///
/// # Errors
/// If it cannot be said whether that is still there.
pub(super) fn way_out(network: &Found) -> Result<String> {
    let Built { note, uplink } = &network.built;
    if let Some(uplink) = uplink
        && uplink.open()?.is_none()
    {
        return Ok(format!(
            "it has lost its way to the outside: lab:uplink, process {}, has ended (a new one \
             comes with a new network, when the last container on this one has ended)",
            uplink.pid
        ));
    }
    Ok(note.clone())
}

/// Leaves the host's network for a new one, with a way out if there is one.
fn connect() -> Result<Built> {
    let uplinks = Uplink::split_off_all();
    leave()?;
    net_ns::hardening::harden_new_links()?;
    Ok(match uplinks.and_then(Uplink::connect_one) {
        Ok((tool, pid)) => Built {
            note: format!("its way to the outside is {tool}"),
            uplink: Some(Identity::of(pid.as_raw())?),
        },
        Err(error) => {
            let hint = error.hint().unwrap_or("lab doctor tells more about this host");
            let note = format!("it has no way to the outside: {error} ({hint})");
            Built { note, uplink: None }
        }
    })
}
