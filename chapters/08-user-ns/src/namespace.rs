//! The user namespace of a container: `CLONE_NEWUSER`.
//!
//! Up to here, root in the container was the host's root, only with less in sight. A
//! user namespace takes the power itself apart: capabilities count in the namespace in
//! which a process is, and for what belongs to it, and nowhere else.
//!
//! ```text
//!   the host's user namespace            owns the host's network, mounts, names …
//!   └── the container's                  owns the container's network, mounts, names …
//!       root (0) in here, with all capabilities over these,
//!       is user 100000 out there, with none
//! ```
//!
//! Which of the two owns a new namespace is a matter of order: it is the user namespace
//! of its maker *at that moment*. With all flags in one clone the kernel makes the user
//! namespace first, so it owns the rest: user_namespaces(7), "Interaction of user
//! namespaces and other types of namespaces".
//!
//! The new namespace knows nobody at first. Its first process, though it has all
//! capabilities in there, is `nobody` until the maps are written, and they have to be
//! written from outside. Hence the order over the gate:
//!
//! ```text
//!   runtime   clone ── write uid_map, gid_map ── begin ─┐
//!   child     (nobody) ── waits ────────────────────────┴─ setresuid(0) ── mounts …
//! ```

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use clap::ValueEnum;
use mount_ns::Mounts;
use nix::unistd::{Gid, Pid, Uid, getegid, geteuid, setresgid, setresuid};
use overlay::Overlay;
use process::{CloneFlags, Error, Part, Result, Step};
use serde::{Deserialize, Serialize};
use uts_ipc::EtcFiles;

use crate::maps::{Kind, Map};
use crate::trees::Opened;
use crate::{idmap, subordinate};

/// The command-line options of chapter 8 about users.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 08: its own users")]
pub struct UserOptions {
    /// Whose users the container has
    #[arg(long, value_enum, value_name = "MODE", default_value = "auto")]
    pub userns: Mode,
}

/// Whose users a container has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The host's: root in there is root out here
    Host,
    /// Its own
    Auto,
}

/// The users of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Users {
    /// The host's.
    Host,
    /// Its own.
    Own(Maps),
    /// Those of another container, in whose user namespace it is born.
    Theirs(Maps),
}

/// Who is who, inside and outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maps {
    /// Users.
    pub uids: Map,
    /// Groups.
    pub gids: Map,
}

impl UserOptions {
    /// Chooses the ids.
    ///
    /// # Errors
    /// If there are none to choose from.
    pub fn resolve(&self) -> Result<Users> {
        if self.userns == Mode::Host {
            return Ok(Users::Host);
        }
        let (uids, gids) = (subordinate::for_root(Kind::Uid)?, subordinate::for_root(Kind::Gid)?);
        let are_ours = Map::of_this_process(Kind::Uid)?.covers(uids)
            && Map::of_this_process(Kind::Gid)?.covers(gids);
        Ok(Users::Own(if are_ours {
            Maps {
                uids: Map::range(uids.outside, uids.count),
                gids: Map::range(gids.outside, gids.count),
            }
        } else {
            // We are in a user namespace already and have no ids to give away. One more
            // around the container still takes our power over this one from it.
            Maps { uids: Map::identity(Kind::Uid)?, gids: Map::identity(Kind::Gid)? }
        }))
    }
}

impl Maps {
    /// Whether root inside is another user outside than us.
    fn are_foreign(&self) -> bool {
        let us = (geteuid().as_raw(), getegid().as_raw());
        (self.uids.outside(0), self.gids.outside(0)) != (Some(us.0), Some(us.1))
    }
}

/// The user namespace of one container.
#[derive(Debug)]
pub struct UserNamespace {
    maps: Option<Maps>,
    /// Whether it is to be made.
    is_new: bool,
    notes: RefCell<Vec<String>>,
}

impl UserNamespace {
    /// One for these users, before the clone.
    pub fn prepare(users: &Users) -> Self {
        let maps = match users {
            Users::Host => None,
            Users::Own(maps) | Users::Theirs(maps) => Some(maps.clone()),
        };
        let is_new = matches!(users, Users::Own(_));
        Self { maps, is_new, notes: RefCell::default() }
    }

    /// The namespace to make.
    pub fn flags(&self) -> CloneFlags {
        if self.is_new { CloneFlags::CLONE_NEWUSER } else { CloneFlags::empty() }
    }

    /// In the runtime, before the clone: gives what is to be the container's to its root.
    pub fn give(&self, overlay: &Overlay, etc: &EtcFiles) -> Result<()> {
        match self.foreign() {
            Some(Maps { uids, gids }) => {
                let nobody = || Error::new("the container has no root: its map lacks id 0");
                let uid = uids.outside(0).ok_or_else(nobody)?;
                let gid = gids.outside(0).ok_or_else(nobody)?;
                etc.give_to(uid, gid)?;
                overlay.give_to(uid, gid)
            }
            None => Ok(()),
        }
    }

    // ANCHOR: maps
    /// In the runtime, while the child waits: says who is who.
    pub fn write_maps(&self, pid: Pid) -> Result<()> {
        let Some(Maps { uids, gids }) = self.maps.as_ref().filter(|_| self.is_new) else {
            return Ok(());
        };
        uids.write(Kind::Uid, &pid.to_string())?;
        gids.write(Kind::Gid, &pid.to_string())
    }
    // ANCHOR_END: maps

    /// In the runtime, after that: opens what the child cannot, or whose owners it could
    /// not change; see [`crate::Trees`].
    pub fn open_trees(
        &self,
        pid: Pid,
        overlay: &Overlay,
        etc: &EtcFiles,
        mounts: &Mounts,
    ) -> Result<Vec<OwnedFd>> {
        if self.foreign().is_none() {
            return Ok(Vec::new());
        }
        let path = format!("/proc/{pid}/ns/user");
        let users = File::open(&path).step(|| format!("open {path}"))?;
        let trees = Opened::open(overlay, etc, mounts)?;
        let layers = overlay.lower().iter().zip(&trees.lower);
        let volumes = mounts.binds().map(|mount| &mount.source).zip(&trees.volumes);
        // ANCHOR: trees
        for (source, tree) in layers.chain(volumes) {
            if let Err(errno) = idmap::translate(tree.as_fd(), users.as_fd()) {
                let source = source.display();
                self.notes.borrow_mut().push(format!(
                    "the owners in {source} are not translated ({}): its files belong to \
                     nobody in the container",
                    errno.desc().to_lowercase()
                ));
            }
        }
        // ANCHOR_END: trees
        Ok(trees.into_list())
    }

    // ANCHOR: root
    /// In the child, before all else: becomes the user 0 of its namespace.
    pub fn become_root(&self) -> Result<()> {
        if self.maps.is_none() {
            return Ok(());
        }
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        process::become_another(|| {
            // The group first, by habit: without root, one could not change it any more.
            setresgid(group, group, group).step(|| "become group 0 of the container")?;
            setresuid(user, user, user).step(|| "become user 0 of the container")
        })
    }
    // ANCHOR_END: root

    fn foreign(&self) -> Option<&Maps> {
        self.maps.as_ref().filter(|maps| maps.are_foreign())
    }
}

impl Part for UserNamespace {
    fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }
}
