//! A process's mount table, `/proc/PID/mountinfo`; proc_pid_mountinfo(5).
//!
//! ```text
//! 36 35 98:0 /srv/root / ro,noatime shared:1 - ext4 /dev/vda rw,discard
//! │          │        │ │                    │ │    │        └ of the file system
//! id         │   target options              │ type source
//!            └ which directory of that file system
//! ```

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::view::proc::Proc;

/// One mount, as the kernel tells it.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The mount's number, which it keeps for life.
    pub id: u64,
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
    pub options: String,
}

/// What the process can reach from its root.
pub fn read(process: &Proc) -> Option<Vec<Mount>> {
    let table = process.read("mountinfo").ok()?;
    Some(table.lines().filter_map(parse).collect())
}

fn parse(line: &str) -> Option<Mount> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = mount.split(' ');
    let id = fields.next()?.parse().ok()?;
    let directory = unescape(fields.nth(2)?);
    let target = unescape(fields.next()?);
    let flags = fields.next()?.to_owned();
    let propagation = fields.map(str::to_owned).collect();
    let mut fields = file_system.split(' ');
    Some(Mount {
        id,
        directory,
        target,
        read_only: flags.split(',').any(|option| option == "ro"),
        flags,
        propagation,
        file_system: fields.next()?.to_owned(),
        source: unescape(fields.next()?),
        options: fields.next().unwrap_or("").to_owned(),
    })
}

/// Turns `\\040` back into a space; the kernel escapes what would break the format.
pub fn unescape(field: &str) -> OsString {
    let bytes = field.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes.get(at + 1..at + 4).filter(|_| bytes[at] == b'\\');
        let octal = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 4;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    OsString::from_vec(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_with_a_space_is_one_field() {
        let line = r"36 35 98:0 /srv/a /mnt/my\040disk ro,noatime shared:1 - ext4 /dev/vda rw,x=y";
        let mount = parse(line).unwrap();
        assert_eq!((mount.id, mount.read_only), (36, true));
        assert_eq!((mount.directory, mount.target), ("/srv/a".into(), "/mnt/my disk".into()));
        assert_eq!((mount.file_system.as_str(), mount.options.as_str()), ("ext4", "rw,x=y"));
    }

    #[test]
    fn a_mount_without_optional_fields_or_source_is_read_too() {
        let mount = parse("22 27 0:21 / /proc rw - proc  rw").unwrap();
        assert_eq!((mount.source, mount.options.as_str()), ("".into(), "rw"));
    }
}
