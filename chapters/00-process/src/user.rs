//! Which user the command runs as, looked up in the *container's* /etc/passwd.
//!
//! Names are nothing to the kernel, which knows numbers only. They are read from
//! the root the process stands in by now, without the C library: its name service
//! would load the host's modules, or the container's into our process.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};

use crate::{Error, Result, Step, sys};

/// capabilities(7), linux/capability.h.
const CAP_SETGID: u32 = 6;

/// The numbers to run with, and where they are at home.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    uid: Uid,
    gid: Gid,
    pub(crate) home: PathBuf,
}

impl User {
    /// Resolves `user[:group]`; without one, we stay who we are.
    pub(crate) fn resolve(wanted: Option<&str>) -> Result<Self> {
        let Some(wanted) = wanted else {
            let (uid, gid) = (geteuid(), getegid());
            let home = passwd(|_, number| number == uid.as_raw())?.map(|entry| entry.home);
            return Ok(Self { uid, gid, home: home.unwrap_or_else(|| "/".into()) });
        };
        let (user, group) = match wanted.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (wanted, None),
        };
        let number = user.parse::<u32>().ok();
        let entry = passwd(|name, uid| name == user || Some(uid) == number)?;
        let uid = match (number, &entry) {
            (Some(number), _) => number,
            (None, Some(entry)) => entry.uid,
            (None, None) => return Err(unknown("user", user, "/etc/passwd")),
        };
        let gid = match group {
            Some(group) => group_id(group)?,
            None => entry.as_ref().map_or(0, |entry| entry.gid),
        };
        Ok(Self {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
            home: entry.map_or_else(|| "/".into(), |entry| entry.home),
        })
    }

    /// Becomes this user, for good.
    ///
    /// # Errors
    /// If the runtime is not root: only root may become somebody else.
    pub fn become_it(&self) -> Result<()> {
        // Groups first: afterwards we may no longer be allowed to. The caller's
        // supplementary groups must not follow us into the container.
        match setgroups(&[self.gid]) {
            // An ordinary user cannot drop groups, and changes nothing else either.
            Err(Errno::EPERM) if !geteuid().is_root() => {}
            // Nor can the root of a user namespace that was made by one: setgroups is
            // denied in there, as chapter 8 tells. The capability is not what lacks.
            Err(Errno::EPERM) if sys::has_capability(CAP_SETGID) == Ok(true) => {}
            dropped => dropped.step(|| "drop supplementary groups")?,
        }
        setresgid(self.gid, self.gid, self.gid)
            .step(|| format!("become group {}", self.gid))
            .map_err(explain)?;
        setresuid(self.uid, self.uid, self.uid)
            .step(|| format!("become user {}", self.uid))
            .map_err(explain)?;
        // A change of user clears it, see prctl(2).
        prctl::set_pdeathsig(Signal::SIGKILL).step(|| "ask for a parent-death signal")
    }
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EINVAL) => error.hint(
            "this user namespace has no such id (chapter 8: /proc/self/uid_map); for an \
             ordinary user, lab doctor has the usermod command that grants more",
        ),
        _ => error,
    }
}

/// A line of /etc/passwd: `name:password:uid:gid:comment:home:shell`.
struct Passwd {
    uid: u32,
    gid: u32,
    home: PathBuf,
}

/// The first line whose name and uid are wanted.
fn passwd(is_wanted: impl Fn(&str, u32) -> bool) -> Result<Option<Passwd>> {
    Ok(read("/etc/passwd")?.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let uid = fields.get(2)?.parse().ok()?;
        let gid = fields.get(3)?.parse().ok()?;
        let home = PathBuf::from(fields.get(5)?);
        is_wanted(fields[0], uid).then_some(Passwd { uid, gid, home })
    }))
}

/// A file of the root, which need not have it. One that cannot be read is not the same:
/// without its line, a user would get the group 0.
fn read(path: &str) -> Result<String> {
    match fs::read(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(String::new())
        }
        read => Ok(String::from_utf8_lossy(&read.step(|| format!("read {path}"))?).into_owned()),
    }
}

fn group_id(group: &str) -> Result<u32> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    read("/etc/group")?
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields[0] == group)
        .and_then(|fields| fields.get(2)?.parse().ok())
        .ok_or_else(|| unknown("group", group, "/etc/group"))
}

fn unknown(kind: &str, name: &str, file: &str) -> Error {
    Error::new(format!("unable to find {kind} {name}"))
        .hint(format!("the container's {file} has no such name; a number always works"))
}
