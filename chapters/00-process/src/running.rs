//! Finding the containers that are alive, from their records: `lab view NAME`.
//!
//! A record is its runtime's lock as well ([`crate::state`]), so who is alive is asked of
//! the kernel and not guessed from process ids.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use nix::unistd::Pid;

use crate::lock::Lock;
use crate::state::{CONTAINER, entries, open};
use crate::{Error, Result, plain_file};

/// What others can know of a running container.
#[derive(Clone, Debug)]
pub struct Running {
    /// The container's id: twelve hexadecimal digits.
    pub id: String,
    /// Its first process, as the host numbers it.
    pub pid: Pid,
    /// When that started, see [`crate::orphan`].
    pub started: String,
    /// The chapter whose runtime made it, such as `chapter-07-overlay`.
    pub chapter: String,
    /// The name it was given with `--name`.
    pub name: Option<String>,
    /// The command it runs.
    pub command: Vec<OsString>,
}

/// The containers that are alive, in no particular order.
pub fn running() -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for (id, dir) in entries()? {
        // A shared lock, taken and dropped again, tells an owner from none and
        // cannot be mistaken for one by a sweep at the same moment.
        let Ok(file) = open(&dir) else { continue };
        if let Ok(Some(_)) = Lock::try_sharing(file) {
            continue;
        }
        if let Some(container) = read_container(id, &dir) {
            running.push(container);
        }
    }
    Ok(running)
}

/// Refuses a name that a running container has; without a name, there is nothing to refuse.
pub(crate) fn check_is_free(name: &str) -> Result<()> {
    if name.is_empty() {
        return Ok(());
    }
    match running()?.iter().find(|other| other.name.as_deref() == Some(name)) {
        None => Ok(()),
        Some(other) => {
            Err(Error::new(format!("the name {name} is in use by container {}", other.id)))
        }
    }
}

/// Reads what [`crate::State::announce`] wrote; `None` while the container is being made.
pub(crate) fn read_container(id: String, dir: &Path) -> Option<Running> {
    let text = plain_file::read(&dir.join(CONTAINER)).ok()?;
    let mut lines = text.splitn(5, |&byte| byte == b'\n');
    let mut line = || String::from_utf8(lines.next()?.to_vec()).ok();
    let pid = Pid::from_raw(line()?.parse().ok()?);
    let started = line()?;
    let chapter = line()?;
    let name = Some(line()?).filter(|name| !name.is_empty());
    let command = lines
        .next()?
        .split_inclusive(|&byte| byte == 0)
        .map(|word| OsString::from_vec(word[..word.len() - 1].to_vec()))
        .collect();
    Some(Running { id, pid, started, chapter, name, command })
}
