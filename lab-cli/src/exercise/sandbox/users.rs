//! Who is who: root in the sandbox has an id that nobody on the host has.
//!
//! ```text
//!   as root                        0 … 262143 inside  =  a range far from all users' outside
//!   as root of a user namespace    everybody inside   =  themselves
//!   as a user                      0 inside           =  that user
//! ```
//!
//! The range is that wide because exercises map ranges of their own out of it: 65536
//! ids from 100000, as chapter 8 does. And two sandboxes have different ranges, so that
//! what counts by user (processes, keys, queues) counts for each of them alone.

use std::fs::{self, File};
use std::os::fd::{AsFd, OwnedFd};

use mount_ns::{bind_from, make_all_read_only};
use nix::fcntl::AT_FDCWD;
use nix::unistd::{Gid, Pid, Uid, getegid, geteuid, setresgid, setresuid};
use process::{Result, Step};
use user_ns::idmap;
use user_ns::maps::{Kind, Map, deny_setgroups};

use super::plan::Plan;

/// The ids of one sandbox.
const COUNT: u32 = 1 << 18;
/// Where the ranges begin: far above what distributions give to users, far below the
/// end of the numbers.
const FIRST: u32 = 0x6000_0000;
/// How many ranges there are.
const RANGES: u32 = 1 << 10;

/// The maps of one sandbox.
#[derive(Debug)]
pub struct Users {
    uids: Map,
    gids: Map,
    /// Whether root in there is somebody else than us.
    are_foreign: bool,
    may_set_groups: bool,
}

impl Users {
    /// Chooses the ids, before the clone.
    ///
    /// # Errors
    /// If our own maps cannot be read.
    pub fn choose() -> Result<Self> {
        let ours = Map::of_this_process(Kind::Uid)?;
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        Ok(match (uid, ours.is_the_hosts()) {
            (0, true) => {
                let range = std::process::id() % RANGES;
                let map = Map::range(FIRST + range * COUNT, COUNT);
                Self { uids: map.clone(), gids: map, are_foreign: true, may_set_groups: true }
            }
            (0, false) => Self {
                uids: Map::identity(Kind::Uid)?,
                gids: Map::identity(Kind::Gid)?,
                are_foreign: false,
                may_set_groups: may_set_groups()?,
            },
            _ => Self {
                uids: Map::range(uid, 1),
                gids: Map::range(gid, 1),
                are_foreign: false,
                may_set_groups: false,
            },
        })
    }

    /// Says who is who in the outer user namespace; in the inner one all keep their numbers.
    pub fn write_maps(&self, pid: Pid) -> Result<()> {
        let pid = pid.to_string();
        if !self.may_set_groups {
            deny_setgroups(&pid)?;
        }
        self.uids.write(Kind::Uid, &pid)?;
        self.gids.write(Kind::Gid, &pid)
    }

    /// What the outer process could not open: as root, nobody's eyes are not ours.
    pub fn open_trees(&self, plan: &Plan, pid: Pid) -> Result<Vec<OwnedFd>> {
        if !self.are_foreign {
            return Ok(Vec::new());
        }
        let mut trees = shown(plan)?;
        if let Some(image) = &plan.image {
            let tree = bind_from(AT_FDCWD, image)?;
            let path = format!("/proc/{pid}/ns/user");
            let users = File::open(&path).step(|| format!("open {path}"))?;
            // Where a file system cannot translate, files of root alone are not copied.
            let _ = idmap::translate(tree.as_fd(), users.as_fd());
            trees.push(tree);
        }
        Ok(trees)
    }

    /// In the outer process: the same, if it has to do it itself.
    pub fn or_open_here(&self, plan: &Plan, mut trees: Vec<OwnedFd>) -> Result<Vec<OwnedFd>> {
        if !self.are_foreign {
            trees = shown(plan)?;
            if let Some(image) = &plan.image {
                trees.push(bind_from(AT_FDCWD, image)?);
            }
        }
        Ok(trees)
    }

    /// In the outer process: becomes the user 0 of its namespace.
    pub fn become_root(&self) -> Result<()> {
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        if self.may_set_groups {
            nix::unistd::setgroups(&[]).step(|| "drop supplementary groups")?;
        }
        setresgid(group, group, group).step(|| "become group 0 of the sandbox")?;
        setresuid(user, user, user).step(|| "become user 0 of the sandbox")
    }

    /// What root in there is out here.
    pub fn root(&self) -> Option<(u32, u32)> {
        Some((self.uids.outside(0)?, self.gids.outside(0)?))
    }

    /// What an id of the host is in there.
    pub fn inside(&self, outside: u32) -> Option<u32> {
        self.uids.numbers().find_map(|[inside, first, count]| {
            let offset = outside.checked_sub(first)?;
            (offset < count).then(|| inside + offset)
        })
    }
}

/// Whether this user namespace lets its root leave groups; `unshare -r` makes one that
/// does not.
fn may_set_groups() -> Result<bool> {
    let path = "/proc/self/setgroups";
    Ok(fs::read(path).step(|| format!("read {path}"))?.starts_with(b"allow"))
}

fn shown(plan: &Plan) -> Result<Vec<OwnedFd>> {
    let open = |path| {
        let tree = bind_from(AT_FDCWD, path)?;
        make_all_read_only(tree.as_fd()).step(|| format!("make {} read-only", path.display()))?;
        Ok(tree)
    };
    plan.shown.iter().map(|(path, _)| open(path)).collect()
}
