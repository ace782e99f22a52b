//! The world of an ordinary user: a user and a mount namespace in which they are root.
//!
//! Its mounts are a copy of the host's, as they were when it was made. What is mounted on the
//! host later comes along only where the host's mounts are *shared*, mount_namespaces(7), as
//! systemd makes them. Elsewhere it is missing in here; a note says so if the command line, or
//! the working directory, leads to such a mount.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mount_ns::mount_table;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, getegid, geteuid, setresgid, setresuid};
use process::{Result, Step};

use super::granted::Granted;
use super::helper::Helper;
use super::holder::Built;
use super::place::{Found, Look, Place, Turn};
use super::refusal;
use crate::maps::{self, Kind, Map};

/// What the containers share.
pub(super) const WORLD: Place = Place {
    file: "world",
    holder: c"lab:world",
    namespaces: &[("user", CloneFlags::CLONE_NEWUSER), ("mnt", CloneFlags::CLONE_NEWNS)],
};

/// Becomes root of the world, which is made if there is none.
///
/// # Errors
/// If it cannot be.
pub(super) fn join(turn: &Turn, look: Look, note: &impl Fn(&str)) -> Result<Found> {
    let (found, is_new) = match look {
        Look::There(found) => (found, false),
        Look::Gone { .. } => (WORLD.make(turn, &[], || make().map(|()| Built::default()))?, true),
    };
    let before = (std::env::current_dir(), if is_new { Vec::new() } else { mount_points()? });
    found.join(&WORLD)?;
    // The user who made it may have another group at the moment, as by newgrp(1).
    if getegid().as_raw() != 0 || !geteuid().is_root() {
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(group, group, group).step(|| "become group 0 of the world")?;
        setresuid(user, user, user).step(|| "become user 0 of the world")?;
    }
    let (dir, mounts) = before;
    // Joining a mount namespace has led to its root directory.
    let dir = dir
        .step(|| "ask for the working directory")
        .map_err(|error| error.with_hint("if it has been removed: `cd` to another one"))?;
    std::env::set_current_dir(&dir)
        .step(|| format!("enter {}", dir.display()))
        .map_err(|error| error.with_hint(COMES_LATE))?;
    if !is_new {
        let here = mount_points()?;
        for missing in mounts.iter().filter(|mount| !here.contains(mount)) {
            if is_named(missing, &dir) {
                note(&format!(
                    "what is mounted on {} is not seen in here: {COMES_LATE}",
                    missing.display()
                ));
            }
        }
    }
    Ok(found)
}

/// Why a mount of the host can be missing, and what to do about it.
const COMES_LATE: &str = "it was mounted after the first of this user's containers had started; \
                          when the last one has ended, the next sees it";

// ANCHOR: make
/// Makes the user namespace around this process, and the namespace of mounts in it.
///
/// # Errors
/// If the kernel or its settings refuse it, with what an administrator can do.
pub(super) fn make() -> Result<()> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
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
    unshare(CloneFlags::CLONE_NEWNS).step(|| "make a namespace of mounts").map_err(refusal::explain)
}
// ANCHOR_END: make

// ANCHOR: ourselves
/// One id, and no groups but our own.
fn map_ourselves(uid: u32, gid: u32) -> Result<()> {
    maps::deny_setgroups("self")?;
    Map::range(uid, 1).write(Kind::Uid, "self")?;
    Map::range(gid, 1).write(Kind::Gid, "self")
}
// ANCHOR_END: ourselves

fn mount_points() -> Result<Vec<PathBuf>> {
    Ok(mount_table()?.into_iter().map(|mount| mount.target).collect())
}

/// Whether the command line, or the working directory, leads to a mount point.
fn is_named(mount: &Path, dir: &Path) -> bool {
    let name = mount.as_os_str().as_bytes();
    let has_it = |word: OsString| word.as_bytes().windows(name.len()).any(|part| part == name);
    dir.starts_with(mount) || std::env::args_os().any(has_it)
}
