//! Which user the command runs as, by the names of the *container's* /etc/passwd.
//!
//! Names are nothing to the kernel, which knows numbers only: a uid, a gid, and the gids of
//! the groups that one is a member of beside it.

use std::path::PathBuf;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};

use crate::accounts::{self, Id};
use crate::life::become_another;
use crate::{Error, Result, Step, has_capability};

/// capabilities(7), linux/capability.h.
const CAP_SETGID: u32 = 6;

/// The numbers to run with, and where they are at home.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    uid: Uid,
    gid: Gid,
    /// Those that setgroups(2) is to set: a login has `gid` among them.
    groups: Vec<Gid>,
    pub(crate) home: PathBuf,
}

impl User {
    /// Somebody by numbers alone, who has these groups beside `gid`, and no home.
    pub fn numbered(uid: u32, gid: u32, groups: &[u32]) -> Self {
        Self {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
            groups: groups.iter().copied().map(Gid::from_raw).collect(),
            home: "/".into(),
        }
    }

    /// Resolves `user[:group]` as Docker does; of what is not said, we stay who we are.
    ///
    /// A group that is named is the only one; without, it is all of the user's own.
    pub(crate) fn resolve(wanted: Option<&str>) -> Result<Self> {
        let (user, group) = wanted.map_or(("", ""), |it| it.split_once(':').unwrap_or((it, "")));
        let id = if user.is_empty() { Id::Number(geteuid().as_raw()) } else { Id::parse(user)? };
        let account = accounts::account(id)?;
        let uid = match (id, &account) {
            (Id::Number(number), _) => number,
            (Id::Name(_), Some(account)) => account.uid,
            (Id::Name(_), None) => return Err(unknown("user", user, "/etc/passwd")),
        };
        let mut groups = Vec::new();
        let gid = match (group, &account) {
            ("", _) if user.is_empty() => getegid().as_raw(),
            ("", None) => 0,
            ("", Some(account)) => {
                groups = accounts::groups_of(&account.name)?;
                account.gid
            }
            (group, _) => match Id::parse(group)? {
                Id::Number(number) => number,
                name => {
                    accounts::group(name)?.ok_or_else(|| unknown("group", group, "/etc/group"))?
                }
            },
        };
        groups.retain(|other| *other != gid);
        groups.insert(0, gid);
        Ok(Self {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
            groups: groups.into_iter().map(Gid::from_raw).collect(),
            home: account.map_or_else(|| "/".into(), |account| account.home),
        })
    }

    /// Its number, as the container counts.
    pub fn uid(&self) -> Uid {
        self.uid
    }

    /// Becomes this user, for good.
    ///
    /// # Errors
    /// If the runtime is not root: only root may become somebody else.
    pub fn become_it(&self) -> Result<()> {
        // Groups first: afterwards we may no longer be allowed to. The caller's
        // supplementary groups must not follow us into the container.
        match setgroups(&self.groups) {
            // An ordinary user cannot drop groups, and changes nothing else either.
            Err(Errno::EPERM) if !geteuid().is_root() => {}
            // Nor can the root of a user namespace that was made by one: setgroups is
            // denied in there, as chapter 8 tells. The capability is there all the same.
            Err(Errno::EPERM) if has_capability(CAP_SETGID) => {}
            set => set.step(|| "set supplementary groups").map_err(explain)?,
        }
        become_another(|| {
            setresgid(self.gid, self.gid, self.gid)
                .step(|| format!("become group {}", self.gid))
                .map_err(explain)?;
            setresuid(self.uid, self.uid, self.uid)
                .step(|| format!("become user {}", self.uid))
                .map_err(explain)
        })
    }
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EINVAL) => error.with_hint(
            "this user namespace has no such id (chapter 8: /proc/self/uid_map); for an \
             ordinary user, lab doctor has the usermod command that grants more",
        ),
        _ => error,
    }
}

fn unknown(kind: &str, name: &str, file: &str) -> Error {
    Error::new(format!("unable to find {kind} {name}"))
        .with_hint(format!("the container's {file} has no such name; a number always works"))
}
