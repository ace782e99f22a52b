//! The names of an image's users and groups: /etc/passwd and /etc/group.
//!
//! They are read from the root the process stands in by now, without the C library: its
//! name service would load the host's modules, or the container's into our process.
//!
//! An image is not trusted to have what it should have there. It may have a link that
//! leads out, a pipe that nobody ever writes to, a device without an end, or bytes that
//! are no text.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;

use crate::{Error, Result, Step, plain_file};

/// A line of /etc/passwd: `name:password:uid:gid:comment:home:shell`.
pub(crate) struct Account {
    pub name: Vec<u8>,
    pub uid: u32,
    pub gid: u32,
    pub home: PathBuf,
}

/// How somebody is meant: `0` to 4294967294, or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id<'a> {
    Number(u32),
    Name(&'a [u8]),
}

impl<'a> Id<'a> {
    /// What is all digits is a number, also one that is too large, and never a name that an
    /// image could have given to whom it likes.
    pub fn parse(word: &'a str) -> Result<Self> {
        let digits = word.trim_start_matches(['+', '-']);
        if word.len() - digits.len() > 1 || !is_number(digits.as_bytes()) {
            return Ok(Self::Name(word.as_bytes()));
        }
        match number(digits.as_bytes()) {
            Some(number) if number == 0 || !word.starts_with('-') => Ok(Self::Number(number)),
            _ => Err(Error::new(format!("{word} is not an id")).with_hint(
                "ids go from 0 to 4294967294; for the kernel, 4294967295 is none at all",
            )),
        }
    }
}

/// The first account that is meant.
pub(crate) fn account(wanted: Id<'_>) -> Result<Option<Account>> {
    let text = read("/etc/passwd")?;
    let Some(fields) = lines(&text).find(|fields| is_meant(fields, wanted)) else {
        return Ok(None);
    };
    let id = |at: usize| fields.get(at).and_then(|field| number(field));
    match (id(2), id(3)) {
        (Some(uid), Some(gid)) => Ok(Some(Account {
            name: fields[0].to_vec(),
            uid,
            gid,
            home: OsStr::from_bytes(fields.get(5).unwrap_or(&&b"/"[..])).into(),
        })),
        _ => Err(Error::new(format!(
            "{} has no uid and gid in the container's /etc/passwd",
            String::from_utf8_lossy(fields[0])
        ))),
    }
}

/// The first group that is meant.
pub(crate) fn group(wanted: Id<'_>) -> Result<Option<u32>> {
    let text = read("/etc/group")?;
    let found = lines(&text).find(|fields| is_meant(fields, wanted));
    Ok(found.and_then(|fields| number(fields.get(2)?)))
}

/// The groups that name this user as a member: `name:password:gid:user,user`.
pub(crate) fn groups_of(user: &[u8]) -> Result<Vec<u32>> {
    let text = read("/etc/group")?;
    let has_it = |fields: &Vec<&[u8]>| {
        let members = fields.get(3).copied().unwrap_or_default();
        members.split(|&byte| byte == b',').any(|member| member == user)
    };
    Ok(lines(&text).filter(has_it).filter_map(|fields| number(fields.get(2)?)).collect())
}

fn lines(text: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    text.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| line.split(|&byte| byte == b':').collect())
}

/// In both files the name is the first field, and the id the third.
fn is_meant(fields: &[&[u8]], wanted: Id<'_>) -> bool {
    match wanted {
        Id::Name(name) => fields[0] == name,
        Id::Number(id) => fields.get(2).is_some_and(|field| number(field) == Some(id)),
    }
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// A number of 32 bits, but not the last: setresuid(2) takes that for "leave it as it is",
/// and who should become nobody in particular would stay root.
fn number(word: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(word).ok().filter(|_| is_number(word))?;
    text.parse().ok().filter(|number| *number != u32::MAX)
}

/// A file of the root, which need not have it. One that cannot be read is not the same:
/// without its line, a user would get the group 0.
fn read(path: &str) -> Result<Vec<u8>> {
    let step = || format!("read the container's {path}");
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open("/", flags, Mode::empty()).step(step)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let resolve = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let file = match openat2(&root, path, OpenHow::new().flags(flags).resolve(resolve)) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(Vec::new()),
        opened => File::from(opened.step(step)?),
    };
    plain_file::read_from(&file).step(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_digits_are_a_number_however_many() {
        let number = |word| Id::parse(word).ok();
        for (word, id) in [("0", 0), ("1000", 1000), ("007", 7), ("+5", 5), ("-0", 0)] {
            assert_eq!(number(word), Some(Id::Number(id)), "{word}");
        }
        assert_eq!(number("4294967294"), Some(Id::Number(u32::MAX - 1)));
        let out_of_range = ["4294967295", "4294967296", "18446744073709551616", "-1", "-1000"];
        for word in out_of_range.into_iter().chain(["00000000000000000000000004294967295"]) {
            assert_eq!(number(word), None, "{word}");
        }
        for word in ["app", " 5", "5 ", "0x10", "1_000", "++5", "5a", "", "٣"] {
            assert_eq!(number(word), Some(Id::Name(word.as_bytes())), "{word}");
        }
    }
}
