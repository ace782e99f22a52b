//! An ordinary user's own files, kept from the programs that run as that user.
//!
//! A sandbox of root has foreign ids, and to them the host's files belong to nobody. An
//! ordinary user has no other ids to give: what is shown read-only in the sandbox would
//! still be that user's, and root of the sandbox's user namespace could mount it writable
//! again, and so change the compiler or this very program for good.
//!
//! But what was read-only *before* a mount namespace was copied for another user namespace
//! stays so in the copy, whoever is root there: mount_namespaces(7), "Restrictions on
//! mount namespaces". So the grader goes into namespaces of its own first, in which it is
//! who it was, and makes the directories read-only there.

use std::path::{Path, PathBuf};

use mount_ns::{Root, Target, bind_from, isolate, make_read_only};
use nix::fcntl::AT_FDCWD;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use process::{Result, Step};
use std::os::fd::AsFd;
use user_ns::maps::{Kind, Map, deny_setgroups};

use crate::exercise::bench::Bench;
use crate::exercise::host;

/// Locks what the sandboxes will show, for an ordinary user; root needs nothing.
///
/// # Errors
/// If this host lets its users make no user namespaces.
pub fn lock(bench: &Bench) -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    if uid.is_root() {
        return Ok(());
    }
    let kit = bench.kit()?;
    let own = [&kit.sysroot, &kit.dependencies, &bench.image, &bench.lab];
    let shown: Vec<PathBuf> =
        host::shown().map(Path::to_owned).chain(own.into_iter().cloned()).collect();

    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
        .step(|| "make a user namespace for the grader")
        .map_err(|error| error.hint("lab doctor says what this host allows"))?;
    deny_setgroups("self")?;
    Map::one(uid.as_raw()).write(Kind::Uid, "self")?;
    Map::one(gid.as_raw()).write(Kind::Gid, "self")?;
    isolate()?;
    let root = Root::open(Path::new("/"))?;
    for path in shown {
        let tree = bind_from(AT_FDCWD, &path)?;
        let recursive = true;
        make_read_only(tree.as_fd(), recursive)
            .step(|| format!("make {} read-only", path.display()))?;
        let kind = if path.is_dir() { Target::Directory } else { Target::File };
        root.place(tree.as_fd(), &path, kind)?;
    }
    Ok(())
}
