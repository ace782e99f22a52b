//! Who is who on both sides: `uid_map` and `gid_map`.
//!
//! A file's owner and a process's user are numbers, and a user namespace translates
//! them on the way in and out. The table is a file of /proc with lines like these:
//!
//! ```text
//!   /proc/4711/uid_map:   inside   outside   count
//!                              0    100000   65536
//!
//!   root (0) in there is user 100000 out here, and user 1000 in there is 101000
//! ```
//!
//! What no line mentions has no number inside: a file of such a user seems to belong to
//! `nobody` (65534), and nobody inside can become that user. Each file is written once,
//! and who may write what, is in user_namespaces(7):
//!
//! - **root outside** may map any range of ids;
//! - **anybody** may map one id, their own, and only after `deny` was written to
//!   `setgroups`. A group can be there to *keep out* its members (mode 0604); a member
//!   who could leave it in a namespace of their own would be let in;
//! - **newuidmap** and **newgidmap** are installed with the power of root, and map for
//!   anybody the ranges that /etc/subuid and /etc/subgid grant them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use process::{Error, Result, Step, kernel_file};
use serde::{Deserialize, Serialize};

/// The kinds of ids there are: users and groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Users.
    Uid,
    /// Groups.
    Gid,
}

impl Kind {
    /// The map's name in a directory of /proc.
    pub fn file(self) -> &'static str {
        match self {
            Self::Uid => "uid_map",
            Self::Gid => "gid_map",
        }
    }
}

/// One line of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first id inside.
    pub inside: u32,
    /// The same one outside.
    pub outside: u32,
    /// How many follow one another.
    pub count: u32,
}

/// All lines of a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map(Vec<Range>);

impl Map {
    /// Root inside is `outside`, and `count` ids from there on follow.
    pub fn range(outside: u32, count: u32) -> Self {
        Self(vec![Range { inside: 0, outside, count }])
    }

    /// One id, which keeps its number.
    pub fn one(id: u32) -> Self {
        Self(vec![Range { inside: id, outside: id, count: 1 }])
    }

    /// Root inside is `own`, and behind it follow the ids granted to that user.
    pub fn own_and(own: u32, granted: Range) -> Self {
        Self(vec![Range { inside: 0, outside: own, count: 1 }, Range { inside: 1, ..granted }])
    }

    /// Every id that we have ourselves keeps its number.
    pub fn identity(kind: Kind) -> Result<Self> {
        let ours = Self::of_this_process(kind)?;
        Ok(Self(ours.0.iter().map(|range| Range { outside: range.inside, ..*range }).collect()))
    }

    /// The map of the user namespace in which we are.
    pub fn of_this_process(kind: Kind) -> Result<Self> {
        Self::of("self", kind)
    }

    /// The map of the user namespace of a process, given by its number or as `self`.
    pub fn of(process: &str, kind: Kind) -> Result<Self> {
        let path = Path::new("/proc").join(process).join(kind.file());
        let text = kernel_file::read_text(&path).step(|| format!("read {}", path.display()))?;
        Ok(Self::parse(&text))
    }

    /// The map that such a file tells of.
    pub fn parse(text: &str) -> Self {
        let range = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse);
            let mut next = || numbers.next()?.ok();
            Some(Range { inside: next()?, outside: next()?, count: next()? })
        };
        Self(text.lines().filter_map(range).collect())
    }

    /// Its lines.
    pub fn ranges(&self) -> &[Range] {
        &self.0
    }

    /// Whether it is that of the host's first namespace: everybody is who they are.
    pub fn is_the_hosts(&self) -> bool {
        self.0 == [Range { inside: 0, outside: 0, count: u32::MAX }]
    }

    /// Whether all ids that a range has outside are ids in this map's namespace.
    pub fn covers(&self, range: Range) -> bool {
        let end = |first: u32, count: u32| u64::from(first) + u64::from(count);
        self.0.iter().any(|ours| {
            range.outside >= ours.inside
                && end(range.outside, range.count) <= end(ours.inside, ours.count)
        })
    }

    /// What an id of the container is out here; `None` if it is nobody.
    pub fn outside(&self, inside: u32) -> Option<u32> {
        self.0.iter().find_map(|range| {
            let offset = inside.checked_sub(range.inside)?;
            (offset < range.count).then(|| range.outside + offset)
        })
    }

    /// Who somebody out here is in the container; `None` if that is nobody.
    pub fn inside(&self, outside: u32) -> Option<u32> {
        self.0.iter().find_map(|range| {
            let offset = outside.checked_sub(range.outside)?;
            (offset < range.count).then(|| range.inside + offset)
        })
    }

    /// The numbers in the order in which `newuidmap` and the file want them.
    pub fn numbers(&self) -> impl Iterator<Item = [u32; 3]> {
        self.0.iter().map(|&Range { inside, outside, count }| [inside, outside, count])
    }

    /// Writes it for a process, given by its number or as `self`.
    pub fn write(&self, kind: Kind, process: &str) -> Result<()> {
        let line = |[inside, outside, count]: [u32; 3]| format!("{inside} {outside} {count}\n");
        write(process, kind.file(), &self.numbers().map(line).collect::<String>())
    }
}

/// Forbids `setgroups(2)`, which an ordinary user has to do before mapping groups.
pub fn deny_setgroups(process: &str) -> Result<()> {
    write(process, "setgroups", "deny")
}

/// The kernel takes the whole map in one write, or nothing of it.
fn write(process: &str, name: &str, text: &str) -> Result<()> {
    let path = Path::new("/proc").join(process).join(name);
    OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .step(|| format!("write {:?} to {}", text.trim_end(), path.display()))
        .map_err(|error: Error| error.with_hint("`man user_namespaces` lists who may map what"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_the_second_range() {
        let map = Map::own_and(1000, Range { inside: 0, outside: 100_000, count: 65_536 });
        assert_eq!(map.outside(0), Some(1000));
        assert_eq!(map.outside(1), Some(100_000));
        assert_eq!(map.outside(65_536), Some(165_535));
        assert_eq!(map.outside(65_537), None);
        assert_eq!([1000, 100_000, 165_536].map(|id| map.inside(id)), [Some(0), Some(1), None]);
    }

    #[test]
    fn a_user_namespace_may_be_too_small_to_give_ids_away() {
        let wanted = Range { inside: 0, outside: 100_000, count: 65_536 };
        assert!(Map::range(0, u32::MAX).covers(wanted));
        assert!(Map::range(1_000_000, 262_144).covers(wanted));
        assert!(!Map::range(1_000_000, 65_536).covers(wanted));
        assert!(!Map::own_and(1000, wanted).covers(wanted));
    }
}
