//! Who runs in a container, so that others can find it by name, and end it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use nix::unistd::Pid;

use super::identity::Identity;
use crate::plain_file;

/// The name of that record.
pub(super) const CONTAINER: &str = "container";

/// What is written down when the container is built.
#[derive(Clone, Debug)]
pub(super) struct Announcement {
    /// Its first process.
    pub process: Identity,
    /// The chapter whose runtime made it, such as `chapter-07-overlay`.
    pub chapter: String,
    /// The name it was given with `--name`.
    pub name: Option<String>,
    /// The command it runs.
    pub command: Vec<OsString>,
}

impl Announcement {
    /// Four lines, and the words of the command, each with a NUL behind it.
    pub fn encode(&self) -> Vec<u8> {
        let Self { process: Identity { pid, started }, chapter, name, command } = self;
        let name = name.as_deref().unwrap_or_default();
        let mut text = format!("{pid}\n{started}\n{chapter}\n{name}\n").into_bytes();
        for word in command {
            text.extend_from_slice(word.as_encoded_bytes());
            text.push(0);
        }
        text
    }

    /// Reads the one of a record; `None` while the container is being made.
    pub fn read(record: &Path) -> Option<Self> {
        let text = plain_file::read(&record.join(CONTAINER)).ok()?;
        let mut lines = text.splitn(5, |&byte| byte == b'\n');
        let mut line = || String::from_utf8(lines.next()?.to_vec()).ok();
        let pid = Pid::from_raw(line()?.parse().ok()?);
        let process = Identity { pid, started: line()? };
        let chapter = line()?;
        let name = Some(line()?).filter(|name| !name.is_empty());
        let command = lines
            .next()?
            .split_inclusive(|&byte| byte == 0)
            .map(|word| OsString::from_vec(word[..word.len() - 1].to_vec()))
            .collect();
        Some(Self { process, chapter, name, command })
    }
}
