//! The world of an ordinary user: a user and a mount namespace in which they are root.
//!
//! Its mounts are a copy of those that its first run had. What is mounted on the host later
//! comes along only where the host's mounts are *shared*, mount_namespaces(7), as systemd makes
//! them. And a service of systemd may have a /tmp of its own. If the command line, or the
//! working directory, leads to a mount that is another one in here, a note says so.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mount_ns::mount_table;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, getegid, geteuid, setresgid, setresuid};
use process::{Namespace, Result, Step};

use super::granted::Granted;
use super::helper::Helper;
use super::holder::Built;
use super::place::{Found, Look, Place, Turn};
use super::refusal;
use crate::maps::{self, Kind, Map};

/// What the containers share.
pub(super) const WORLD: Place =
    Place { file: "world", holder: c"lab:world", namespaces: &[Namespace::User, Namespace::Mnt] };

/// Becomes root of the world, which is made if there is none.
///
/// # Errors
/// If it cannot be.
pub(super) fn join(turn: &Turn, look: Look, note: &impl Fn(&str)) -> Result<Found> {
    let dir = std::env::current_dir()
        .step(|| "ask for the working directory")
        .map_err(|error| error.with_hint("if it has been removed: `cd` to another one"))?;
    let (found, is_new) = match look {
        Look::There(found) => (found, false),
        Look::Gone { .. } => (WORLD.make(turn, &[], || make().map(|()| Built::default()))?, true),
    };
    let outside = if is_new { Vec::new() } else { named_mounts(&dir)? };
    found.join(&WORLD)?;
    // The user who made it may have another group at the moment, as by newgrp(1).
    if getegid().as_raw() != 0 || !geteuid().is_root() {
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(group, group, group).step(|| "become group 0 of the world")?;
        setresuid(user, user, user).step(|| "become user 0 of the world")?;
    }
    go_back_to(&dir, note)?;
    if !is_new {
        tell_differences(&outside, &named_mounts(&dir)?, note);
    }
    Ok(found)
}

/// Joining a mount namespace has led to its root directory.
fn go_back_to(dir: &Path, note: &impl Fn(&str)) -> Result<()> {
    let step = |dir: &Path| format!("enter {}", dir.display());
    match std::env::set_current_dir(dir) {
        // It was entered by somebody who may, as by `cd /root; sudo -u somebody lab …`.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            note(&format!("{}: permission denied; the working directory is / now", step(dir)));
            std::env::set_current_dir("/").step(|| step(Path::new("/")))
        }
        entered => entered.step(|| step(dir)).map_err(|error| error.with_hint(OF_THE_FIRST)),
    }
}

fn tell_differences(outside: &[Named], here: &[Named], note: &impl Fn(&str)) {
    for Named { place, .. } in outside.iter().filter(|mount| !here.contains(mount)) {
        let place = place.display();
        note(&format!("what is mounted on {place} is not seen in here: {OF_THE_FIRST}"));
    }
    let is_outside = |place: &PathBuf| outside.iter().any(|other| other.place == *place);
    for Named { place, .. } in here.iter().filter(|mount| !is_outside(&mount.place)) {
        let place = place.display();
        note(&format!("what is mounted on {place} in here is not outside: {OF_THE_FIRST}"));
    }
}

/// Why the mounts can be others, and what to do about it.
const OF_THE_FIRST: &str = "all containers of a user have the mounts that the first of them \
                            found; when the last one has ended, the next one looks again";

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

/// A mount to which the command line, or the working directory, leads.
#[derive(PartialEq, Eq)]
struct Named {
    place: PathBuf,
    /// Device and number of the directory that is seen there.
    inode: Option<(u64, u64)>,
}

fn named_mounts(dir: &Path) -> Result<Vec<Named>> {
    let places = mount_table()?.into_iter().map(|mount| mount.target);
    let named = places.filter(|place| is_named(place, dir)).map(|place| {
        let inode = fs::metadata(&place).map(|found| (found.dev(), found.ino())).ok();
        Named { place, inode }
    });
    Ok(named.collect())
}

fn is_named(mount: &Path, dir: &Path) -> bool {
    let name = mount.as_os_str().as_bytes();
    let has_it = |word: OsString| word.as_bytes().windows(name.len()).any(|part| part == name);
    dir.starts_with(mount) || std::env::args_os().any(has_it)
}
