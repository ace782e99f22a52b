//! The ids that an ordinary user has been granted, beside their own.

use nix::sys::prctl;
use nix::unistd::{Uid, User};
use process::search_path;

use crate::maps::{Kind, Map};
use crate::subordinate;

/// The maps of a user namespace with more users than one.
pub(super) struct Granted {
    pub uids: Map,
    pub gids: Map,
}

impl Granted {
    /// `None` where the files or the programs for it are missing, or without power.
    pub fn to(uid: u32, gid: u32) -> Option<Self> {
        // With it, no program has more power than we have: prctl(2).
        if prctl::get_no_new_privs() == Ok(true) {
            return None;
        }
        let name = User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
        let name = name.unwrap_or_default();
        let uids = subordinate::of_user(Kind::Uid, &name, uid)?;
        let gids = subordinate::of_user(Kind::Gid, &name, uid)?;
        let are_there =
            ["newuidmap", "newgidmap"].iter().all(|program| search_path::find(program).is_some());
        are_there.then(|| Self { uids: Map::own_and(uid, uids), gids: Map::own_and(gid, gids) })
    }
}
