//! A process's mount table, `/proc/PID/mountinfo`; proc_pid_mountinfo(5).
//!
//! ```text
//! 36 35 98:0 /srv/root / ro,noatime shared:1 - ext4 /dev/vda rw,discard
//! │          │        │ │                    │ │    │        └ of the file system
//! id         │   target options              │ type source
//!            └ which directory of that file system
//! ```

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use mount_ns::unescape;

use crate::view::proc::Proc;

/// One mount, as the kernel tells it.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The mount's number, which it keeps for life.
    pub id: u64,
    /// The number of the mount that it is on.
    pub parent: u64,
    /// The directory of the file system that is mounted.
    pub directory: OsString,
    /// The mount point, seen from the process's root.
    pub target: OsString,
    /// Whether this mount is read-only.
    pub read_only: bool,
    /// All options of this mount, as `ro,noatime`.
    pub flags: String,
    /// How mounts below it travel, as `shared:1`; nothing for a private mount.
    pub propagation: Vec<String>,
    /// The file system's type.
    pub file_system: String,
    /// What is mounted.
    pub source: OsString,
    /// The file system's own options, as an overlay's `upperdir=…`.
    pub options: OsString,
}

/// What the process can reach from its root.
pub fn read(process: &Proc) -> Option<Vec<Mount>> {
    let table = process.read_bytes("mountinfo").ok()?;
    let mounts: Vec<_> = table.split(|&byte| byte == b'\n').filter_map(parse).collect();
    Some(parents_first(mounts))
}

/// The kernel lists them as they were made. One that comes before what it is on was put there
/// later: chapter 8's runtime makes some that the container puts in their places.
fn parents_first(mounts: Vec<Mount>) -> Vec<Mount> {
    let all: HashSet<u64> = mounts.iter().map(|mount| mount.id).collect();
    let mut before = HashSet::new();
    let (moved, mut mounts): (Vec<_>, Vec<_>) = mounts.into_iter().partition(|mount| {
        before.insert(mount.id);
        all.contains(&mount.parent) && !before.contains(&mount.parent)
    });
    mounts.extend(moved);
    mounts
}

fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    let id = text(fields.next()?).parse().ok()?;
    let parent = text(fields.next()?).parse().ok()?;
    let directory = unescape(fields.nth(1)?);
    let target = unescape(fields.next()?);
    let flags = text(fields.next()?);
    let propagation = fields.by_ref().take_while(|field| *field != b"-").map(text).collect();
    Some(Mount {
        id,
        parent,
        directory,
        target,
        read_only: flags.split(',').any(|option| option == "ro"),
        flags,
        propagation,
        file_system: text(fields.next()?),
        source: unescape(fields.next()?),
        options: OsString::from_vec(fields.next().unwrap_or_default().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_with_a_space_is_one_field() {
        let line = br"36 35 98:0 /srv/a /mnt/my\040disk ro,noatime shared:1 - ext4 /dev/vda rw,x=y";
        let mount = parse(line).unwrap();
        assert_eq!((mount.id, mount.read_only), (36, true));
        assert_eq!((mount.directory, mount.target), ("/srv/a".into(), "/mnt/my disk".into()));
        assert_eq!((mount.file_system, mount.options), ("ext4".to_owned(), "rw,x=y".into()));
    }

    #[test]
    fn a_mount_without_optional_fields_or_source_is_read_too() {
        let mount = parse(b"22 27 0:21 / /proc rw - proc  rw").unwrap();
        assert_eq!((mount.source, mount.options), ("".into(), "rw".into()));
    }
}
