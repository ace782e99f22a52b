//! Root for everybody: a user without root's power becomes root of a user namespace.
//!
//! Making namespaces, mounting, giving a host a name: all of it needs capabilities, and
//! `unshare(CLONE_NEWUSER)` gives any user all of them, over a namespace in which there
//! is nothing yet. So the way to a container without root is a small world in which we
//! are root, and in there every chapter runs as it would on a host. There is one for all
//! containers of a user, so that they are neighbours as root's are:
//!
//! ```text
//!   lab   user 1000                     lab:world   unshare(CLONE_NEWUSER), then mounts
//!    │ setns ──────────────────────────▶  │ uid_map   0 1000 1   and, where newuidmap is
//!    │ exec itself                        │                      installed, 1 100000 65536
//!   lab   user 0 in here                  │
//!    └─ runs the chapter ── container     └ ends with the last lab
//! ```
//!
//! What a user namespace cannot give is power over what was there before: the host's
//! network, its cgroups, its device nodes, files of other users. For the network there
//! is a new one in here to be the host's, with a bridge and all (`network.rs`); its way out
//! is `uplink.rs`, the way in to published ports `ports/`. How such a place is shared, and
//! ends, is told in `place.rs`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use net_ns::{HELD_OUTSIDE, Mode, NetworkOptions, Publish, Published};
use nix::unistd::geteuid;
use process::{Error, Result, Step, home, leads_to_us, own_program, record};

use self::network::NETWORK;
use self::place::{Found, Look, Turn};
use self::world::WORLD;

mod granted;
mod helper;
mod holder;
mod network;
mod path;
mod place;
mod ports;
mod refusal;
mod uplink;
mod userspace;
mod world;

/// Where this process shall be root.
#[derive(Clone, Copy, Debug)]
pub enum World<'a> {
    /// In the world of this user's containers, with the real host's network, over which that
    /// root has no power.
    Shared,
    /// In that world, with the network of this user's containers.
    Connected {
        /// The ports of the host that shall lead in.
        ports: &'a [Publish],
    },
    /// Wherever this user's containers are, to clean up after them. What is gone by now, world
    /// or network, is not made for all again: this process has one of its own instead.
    Left,
    /// In a world and a network of its own, without a way out.
    Isolated,
}

/// Makes sure that this process is a root with power, be it over a user namespace: there, the
/// program starts again. So it returns in the second life only, or if there is no need for
/// one. `note` is told what the user should know of it.
///
/// The caller must have one thread only.
///
/// # Errors
/// If the kernel or its settings refuse it, with what an administrator can do; or if a
/// port is not free.
pub fn become_root(network: &NetworkOptions, note: impl Fn(&str)) -> Result<()> {
    if process::is_privileged() {
        return Ok(());
    }
    match network.network.as_ref().unwrap_or(&Mode::Bridge) {
        Mode::Bridge => enter(World::Connected { ports: &network.publish }, note),
        Mode::None | Mode::Host | Mode::Container(_) => enter(World::Shared, note),
    }
}

/// Becomes root of a user namespace, and starts this program again.
///
/// # Errors
/// As [`become_root`]; it does not return otherwise.
pub fn enter(world: World<'_>, note: impl Fn(&str)) -> Result<()> {
    // Once is enough: the root of a user namespace can have lost its power only on purpose.
    if std::env::var_os(HELD_OUTSIDE).is_some() && geteuid().is_root() {
        return Err(Error::new("this root of a user namespace lacks CAP_SYS_ADMIN"));
    }
    // Asked for now: the mount that we were started from goes with the last process of its
    // namespace, and without it /proc/self/exe tells half of a path.
    let program = own_program();
    let records = record::directory();
    // Made as the user that we are here, if it is not there: the next one would find it
    // another's.
    let home = home::home().ok().filter(|home| record::make_private(home).is_ok());
    let ports = match world {
        World::Connected { ports } => Published::reserve_all(ports)?,
        World::Shared | World::Left | World::Isolated => Vec::new(),
    };
    let shown: Vec<_> = ports.iter().map(|port| port.shown.to_string()).collect();

    let _here = match world {
        World::Isolated => {
            world::make()?;
            network::leave()?;
            None
        }
        World::Shared | World::Connected { .. } | World::Left => join(world, note)?,
    };
    ports::lead_in(ports)?;

    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    // The world may have other mounts.
    let program = if leads_to_us(&program) { program } else { own_program() };
    let mut command = Command::new(program);
    if let Some(home) = home {
        command.env("HOME", home);
    }
    let error = command
        .arg0(name)
        .args(arguments)
        // In there we are root, whose home and records would be elsewhere.
        .env("LAB_STATE_DIR", records)
        .env("PATH", path::path_of_root())
        .env(HELD_OUTSIDE, shown.join(" "))
        .exec();
    Err(error).step(|| "start again as root of a user namespace")
}

/// The places of an ordinary user that a process is in, which stay as long as this value does.
#[must_use = "they end with the last one that stays"]
#[derive(Debug)]
pub struct Stay(#[expect(dead_code, reason = "it is held, and no more")] Vec<Found>);

/// Stays where this process is, when it outlives the one that has brought it there, and is
/// killed with the place.
///
/// # Errors
/// If the place has gone meanwhile.
pub fn stay() -> Result<Stay> {
    if std::env::var_os(HELD_OUTSIDE).is_none() {
        return Ok(Stay(Vec::new())); // root's containers are in none
    }
    let turn = Turn::wait()?;
    let mut places = Vec::new();
    for place in [WORLD, NETWORK].into_iter().filter(|place| !place.is_elsewhere()) {
        if let Look::There(found) = place.look(&turn)? {
            found.end_with_it(&place)?;
            places.push(found);
        }
    }
    Ok(Stay(places))
}

/// Whether this user's containers have a network, and we are not in it. What a killed run has
/// left in it can only be removed there.
pub fn has_other_network() -> bool {
    NETWORK.is_elsewhere()
}

/// Removes the files of places whose holders were killed, and returns a line for each.
///
/// # Errors
/// If the state directory cannot be used.
pub fn sweep() -> Result<Vec<String>> {
    if !record::directory().exists() {
        return Ok(Vec::new());
    }
    let turn = Turn::wait()?;
    let mut removed = Vec::new();
    for place in [NETWORK, WORLD] {
        if let Look::Gone { killed: Some(pid) } = place.look(&turn)? {
            removed.push(format!("record of {}, process {pid}, which was killed", place.name()));
        }
    }
    Ok(removed)
}

/// Joins this user's world, and its network where that is wanted; what is missing is made. Both
/// stay as long as what is returned lives, or is open in a program that we execute.
fn join(world: World<'_>, note: impl Fn(&str)) -> Result<Option<(Found, Option<Found>)>> {
    let turn = Turn::wait()?;
    let (there, mut network) = (WORLD.look(&turn)?, NETWORK.look(&turn)?);
    for (place, look) in [(WORLD, &there), (NETWORK, &network)] {
        if let Look::Gone { killed: Some(pid) } = look {
            let name = place.name();
            note(&format!("{name}, process {pid}, was killed, and its containers with it"));
        }
    }
    if let (Look::Gone { .. }, Look::There(_)) = (&there, &network) {
        // It belongs to the world that is gone, and is about to end.
        network = NETWORK.strike_out(&turn)?;
    }
    match world {
        World::Left if !matches!(there, Look::There(_)) => {
            drop(turn);
            world::make()?;
            network::leave()?;
            return Ok(None);
        }
        World::Left if !matches!(network, Look::There(_)) => {
            let world = world::join(&turn, there, &note)?;
            network::leave()?;
            return Ok(Some((world, None)));
        }
        _ => {}
    }
    let here = world::join(&turn, there, &note)?;
    let network = match world {
        World::Connected { .. } | World::Left => Some(network::join(&turn, network, &here)?),
        World::Shared | World::Isolated => None,
    };
    if let (World::Connected { .. }, Some(network)) = (world, &network) {
        note(&network::way_out(network)?);
    }
    Ok(Some((here, network)))
}
