//! Root for everybody: a user without root's power becomes root of a user namespace.
//!
//! Making namespaces, mounting, giving a host a name: all of it needs capabilities, and
//! `unshare(CLONE_NEWUSER)` gives any user all of them, over a namespace in which there
//! is nothing yet. So the way to a container without root is a small world in which we
//! are root, and in there every chapter runs as it would on a host:
//!
//! ```text
//!   lab   user 1000
//!    │ unshare(CLONE_NEWUSER), then mounts and network
//!    │ uid_map   0 1000 1          and, where newuidmap is installed, 1 100000 65536
//!    │ exec itself
//!   lab   user 0 in here ── runs the chapter ── container
//! ```
//!
//! What a user namespace cannot give is power over what was there before: the host's
//! network, its cgroups, its device nodes, files of other users. For the network there
//! is a new one in here to be the host's, with a bridge and all; its way out is
//! `uplink.rs`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use net_ns::{HELD_OUTSIDE, Mode, NetworkOptions, Publish, Published};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use process::{Error, Result, Step, home, own_program, record};

use self::granted::Granted;
use self::helper::Helper;
use self::uplink::Uplink;
use crate::maps::{self, Kind, Map};

mod granted;
mod helper;
mod path;
mod refusal;
mod uplink;
mod userspace;

/// Which network is the host's, for a root in a user namespace.
#[derive(Clone, Copy)]
pub enum World<'a> {
    /// The real host's, over which that root has no power.
    Shared,
    /// A new one without a way out.
    Isolated,
    /// A new one with a way out, if this host has a program for it.
    Connected {
        /// The ports of the host that shall lead in.
        ports: &'a [Publish],
        /// Gets one line on how it went, for the user.
        note: &'a dyn Fn(&str),
    },
}

/// Makes sure that this process is a root with power, be it over a user namespace of its
/// own, where the program starts again. So it returns in the second life only, or if there
/// is no need for one. `note` is told what the user should know of the network.
///
/// The caller must have one thread only.
///
/// # Errors
/// If the kernel or its settings refuse it, with what an administrator can do; or if a
/// port shall be published and nothing can lead it in.
pub fn become_root(network: &NetworkOptions, note: impl Fn(&str)) -> Result<()> {
    if process::is_privileged() {
        return Ok(());
    }
    match network.network.unwrap_or(Mode::Bridge) {
        Mode::Bridge => enter(World::Connected { ports: &network.publish, note: &note }),
        Mode::None | Mode::Host => enter(World::Shared),
    }
}

/// Becomes root of a new user namespace, and starts this program again.
///
/// # Errors
/// As [`become_root`]; it does not return otherwise.
pub fn enter(world: World<'_>) -> Result<()> {
    // Once is enough: the root of a user namespace can have lost its power only on purpose.
    if std::env::var_os(HELD_OUTSIDE).is_some() && geteuid().is_root() {
        return Err(Error::new("this root of a user namespace lacks CAP_SYS_ADMIN"));
    }
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    // Asked for now: the mount that we were started from goes with the last process of its
    // namespace, and without it /proc/self/exe tells half of a path.
    let program = own_program();
    let records = record::directory();
    // Made as the user that we are here, if it is not there: the next one would find it
    // another's.
    let home = home::home().ok().filter(|home| record::make_private(home).is_ok());
    let ports = match world {
        World::Connected { ports, .. } => find_ports(ports)?,
        World::Shared | World::Isolated => Vec::new(),
    };
    // ANCHOR: enter
    // The one that maps a range has to stay outside, so it is split off before we go.
    let helper = Granted::to(uid, gid).map(Helper::split_off).transpose()?;

    unshare(CloneFlags::CLONE_NEWUSER)
        .step(|| "make a user namespace")
        .map_err(refusal::explain)?;
    let mapped = match helper {
        Some(helper) => helper.map(),
        None => map_ourselves(uid, gid),
    };
    mapped.map_err(refusal::explain)?;
    // From here on, so that what is new belongs to it. The mounts are only a copy of
    // the host's, and ours to add to.
    unshare(CloneFlags::CLONE_NEWNS)
        .step(|| "make a namespace of mounts")
        .map_err(refusal::explain)?;
    // ANCHOR_END: enter
    match world {
        World::Shared => {}
        World::Isolated => leave_network()?,
        World::Connected { note, .. } => note(&connect(&ports)?),
    }

    let again = || "start again as root of a user namespace";
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let held: Vec<_> = ports.iter().map(|port| port.host.to_string()).collect();
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
        .env(HELD_OUTSIDE, held.join(" "))
        .exec();
    Err(error).step(again)
}

/// Leaves the host's network for a new one.
fn leave_network() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)
        .step(|| "make a network namespace")
        .map_err(refusal::explain)?;
    net_ns::set_up_loopback()
}

/// Leaves the host's network for a new one with a way back, and returns what is to be
/// said of that.
fn connect(ports: &[Publish]) -> Result<String> {
    let uplinks = Uplink::split_off_all(ports);
    leave_network()?;
    net_ns::hardening::harden_new_links()?;
    let error = match uplinks.and_then(Uplink::connect_one) {
        Ok(tool) => return Ok(format!("its way to the outside is {tool}")),
        Err(error) => error,
    };
    let hint = error.hint().unwrap_or("lab doctor tells more about this host");
    match ports.first() {
        Some(port) => Err(Error::new(format!("publish {port}: {error}"))
            .with_hint(format!("{hint}; or run it with sudo"))),
        None => Ok(format!("it has no way to the outside: {error} ({hint})")),
    }
}

/// The ports that can be led in, with a number for those that may have any.
fn find_ports(wishes: &[Publish]) -> Result<Vec<Publish>> {
    // Opened to see that they are free, and closed for the program that leads them in.
    let found = Published::reserve_all(wishes)?;
    let with_number = |port: &Published| Publish {
        host: port.host,
        container: port.container,
        protocol: port.protocol,
    };
    Ok(found.iter().map(with_number).collect())
}

// ANCHOR: ourselves
/// One id, and no groups but our own.
fn map_ourselves(uid: u32, gid: u32) -> Result<()> {
    maps::deny_setgroups("self")?;
    Map::range(uid, 1).write(Kind::Uid, "self")?;
    Map::range(gid, 1).write(Kind::Gid, "self")
}
// ANCHOR_END: ourselves
