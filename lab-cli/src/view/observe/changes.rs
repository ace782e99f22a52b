//! Files changed: what lies in the upper layer of an overlay.
//!
//! An overlay never writes to its lower layers. Each file that was written is in the
//! upper directory, and a file that was deleted is there as a *whiteout*, a character
//! device with the number 0/0. So the upper directory is the list of changes.
//!
//! Its path is among the mount's options, as the mounting process named it. If that
//! path means nothing on the host, the row is left out.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use mount_ns::unescape;
use nix::dir::{Dir, Type};
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fstatat};
use serde::{Deserialize, Serialize};

use super::ground::Ground;
use crate::view::side::Side;
use crate::view::text::Text;
use crate::view::words::{Words, shorten};

/// A view must be quick, and an upper layer may hold a whole installation.
const TIME: Duration = Duration::from_millis(4);
/// How many changes are named.
const NAMED: usize = 100;

/// What the upper layer of an overlay holds: files, links and devices, not directories.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Changes {
    /// Files added or changed.
    pub written: usize,
    /// Files deleted: whiteouts.
    pub deleted: usize,
    /// The first of them as `+ /etc/motd` and `- /etc/issue`.
    pub list: Vec<Text>,
    /// Whether there was time to count them all.
    pub complete: bool,
}

/// The changes in the upper layer of the container's root, if that is an overlay.
///
/// `ground` says on which mount the root is. A host can have an overlay as its root as
/// well, and what is written in there are not the container's changes.
pub fn here(host: &Side, container: &Side, ground: Ground) -> Option<Changes> {
    let mut mounts = container.mounts.iter();
    let root = mounts.find(|mount| mount.id == ground.mount && mount.file_system == "overlay")?;
    if host.mounts.iter().any(|mount| mount.target == "/" && mount.options == root.options) {
        return None;
    }
    let mut options = root.options.as_bytes().split(|&byte| byte == b',');
    let upper = options.find_map(|option| option.strip_prefix(b"upperdir="))?;
    // From chapter 8 on, the mounting process named it by one of its own descriptors.
    if upper.starts_with(b"/proc/self/") {
        return None;
    }
    let upper = open(AT_FDCWD, unescape(upper).as_os_str())?;
    let mut changes = Changes { complete: true, ..Changes::default() };
    walk(upper, "", Instant::now() + TIME, &mut changes);
    Some(changes)
}

/// Opens a directory without leaving a trace in it, and follows no link: the container
/// writes here while we read.
fn open<P: ?Sized + nix::NixPath>(parent: impl AsFd, name: &P) -> Option<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_NOATIME;
    openat(parent, name, flags | OFlag::O_CLOEXEC, Mode::empty()).ok()
}

fn walk(dir: OwnedFd, path: &str, deadline: Instant, changes: &mut Changes) {
    let Ok(mut entries) = Dir::from_fd(dir) else { return };
    let mut dirs = Vec::new();
    let mut files = Vec::new();
    for entry in entries.iter().flatten() {
        let name = entry.file_name().to_owned();
        match entry.file_type() {
            _ if matches!(name.to_bytes(), b"." | b"..") => {}
            Some(Type::Directory) => dirs.push(name),
            kind => files.push((name, kind)),
        }
    }
    for (name, kind) in files {
        let is_whiteout = kind == Some(Type::CharacterDevice)
            && fstatat(&entries, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| stat.st_rdev == 0);
        let (sign, counter) =
            if is_whiteout { ('-', &mut changes.deleted) } else { ('+', &mut changes.written) };
        *counter += 1;
        if changes.list.len() < NAMED {
            changes.list.push(format!("{sign} {path}/{}", name.to_string_lossy()).into());
        }
    }
    for name in dirs {
        if Instant::now() > deadline {
            changes.complete = false;
            return;
        }
        match open(&entries, name.as_c_str()) {
            Some(dir) => {
                walk(dir, &format!("{path}/{}", name.to_string_lossy()), deadline, changes)
            }
            None => changes.complete = false,
        }
    }
}

impl Words for Changes {
    fn brief(&self) -> String {
        let least = if self.complete { "" } else { "at least " };
        format!("{least}{} written, {} deleted", self.written, self.deleted)
    }

    fn full(&self) -> Vec<String> {
        let mut lines = vec![self.brief()];
        let list = self.list.iter().map(|change| format!("  {change}")).collect();
        lines.extend(shorten(list));
        lines
    }
}
