//! Root for everybody: an ordinary user who becomes root of a user namespace.
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
//! is a new one in here to be the host's, with a bridge and all, but no way out.

use std::os::unix::process::CommandExt;
use std::process::Command;

use net_ns::{Mode, NetworkOptions};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Uid, User, getegid, geteuid};
use process::{Error, Result, Step, state};

use crate::helper::Helper;
use crate::maps::{self, Kind, Map};
use crate::{refusal, subordinate};

/// Makes sure that this process is root, be it in a user namespace of its own, where
/// the program starts again. So it returns in the second life only, or if there is no
/// need for one.
///
/// The caller must have one thread only.
///
/// # Errors
/// If the kernel or its settings refuse it, with what an administrator can do.
pub fn become_root(network: &NetworkOptions) -> Result<()> {
    if geteuid().is_root() {
        return Ok(());
    }
    if let (Mode::Bridge, Some(port)) = (network.network, network.publish.first()) {
        return Err(Error::new(format!("publish {port}: needs root"))
            .hint("run it with sudo: an ordinary user's bridge is not joined with the host"));
    }
    enter(network.network == Mode::Bridge)
}

/// Becomes root of a new user namespace, with `own_network` of a network as well, and
/// starts this program again.
///
/// # Errors
/// As [`become_root`]; it does not return otherwise.
pub fn enter(own_network: bool) -> Result<()> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let records = state::directory();
    // Who maps a range has to stay outside, so it is split off before we go.
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
    let mut flags = CloneFlags::CLONE_NEWNS;
    if own_network {
        flags |= CloneFlags::CLONE_NEWNET;
    }
    unshare(flags).step(|| "make namespaces of mounts and network").map_err(refusal::explain)?;
    if own_network {
        net_ns::set_up_loopback()?;
    }

    let again = || "start again as root of a user namespace";
    let program = std::env::current_exe().step(again)?;
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    // In there we are root, whose records would be elsewhere.
    let error =
        Command::new(program).arg0(name).args(arguments).env("LAB_STATE_DIR", records).exec();
    Err(error).step(again)
}

/// One id, and no groups but our own.
fn map_ourselves(uid: u32, gid: u32) -> Result<()> {
    maps::deny_setgroups("self")?;
    Map::range(uid, 1).write(Kind::Uid, "self")?;
    Map::range(gid, 1).write(Kind::Gid, "self")
}

/// The ids that an ordinary user has been granted.
pub(crate) struct Granted {
    pub uids: Map,
    pub gids: Map,
}

impl Granted {
    /// `None` where the files or the programs for it are missing.
    fn to(uid: u32, gid: u32) -> Option<Self> {
        let name = User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
        let name = name.unwrap_or_default();
        let uids = subordinate::of_user(Kind::Uid, &name, uid)?;
        let gids = subordinate::of_user(Kind::Gid, &name, uid)?;
        let are_there = ["newuidmap", "newgidmap"].iter().all(|program| is_in_path(program));
        are_there.then(|| Self { uids: Map::own_and(uid, uids), gids: Map::own_and(gid, gids) })
    }
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).exists())
}

/// Whether the refusal was one of permission.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.errno(), Some(Errno::EPERM | Errno::EACCES))
}
