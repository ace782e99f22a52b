//! What is written down of a container's cgroup before it is made.
//!
//! ```text
//!   path /docker/3f9c0a1b2c4d                     if it is not `lab-<id>`
//!   above /sys/fs/cgroup/memory/docker            made on the way, and others may be in it
//!   /sys/fs/cgroup/memory/docker/3f9c0a1b2c4d     the container's own
//! ```
//!
//! The kernel allows no newline in a cgroup's name, so that a line is always a whole one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};
use process::{Result, State, Step, plain_file};

use crate::Limits;

/// A record, as it is read and written.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Where in its hierarchy each of `dirs` is, if somebody has chosen that.
    pub path: Option<PathBuf>,
    /// The cgroups that were missing on the way, the outermost first.
    pub above: Vec<PathBuf>,
    /// The container's directories, one in each hierarchy.
    pub dirs: Vec<PathBuf>,
}

impl Record {
    /// The name of its file.
    pub const NAME: &str = "cgroup";

    /// The one of a container, in its record's directory; `None` if it has no cgroup.
    pub fn read(container: &Path) -> Result<Option<Self>> {
        let file = container.join(Self::NAME);
        match plain_file::read(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            text => Ok(Some(Self::parse(&text.step(|| format!("read {}", file.display()))?))),
        }
    }

    fn parse(text: &[u8]) -> Self {
        let mut record = Self::default();
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let path = |bytes| PathBuf::from(OsStr::from_bytes(bytes));
            if let Some(above) = line.strip_prefix(b"above ") {
                record.above.push(path(above));
            } else if let Some(chosen) = line.strip_prefix(b"path ") {
                record.path = Some(path(chosen));
            } else {
                record.dirs.push(path(line));
            }
        }
        record
    }

    /// Writes it down.
    pub fn write(&self, state: &State) -> Result<()> {
        if self.dirs.is_empty() { Ok(()) } else { state.record(Self::NAME, self.to_bytes()) }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let path = self.path.iter().map(|path| ("path ", path));
        let above = self.above.iter().map(|dir| ("above ", dir));
        let dirs = self.dirs.iter().map(|dir| ("", dir));
        let line = |(word, path): (&str, &PathBuf)| {
            [word.as_bytes(), path.as_os_str().as_bytes(), b"\n"].concat()
        };
        path.chain(above).chain(dirs).flat_map(line).collect()
    }

    /// Those of its directories that are a container's. Whoever asks is about to kill what is
    /// in there, on the word of a file.
    pub fn ours(&self, state: &State) -> Result<Vec<&Path>> {
        let names = match &self.path {
            Some(path) => vec![path.strip_prefix("/").unwrap_or(path).to_owned()],
            None => vec![Limits::default().path_of(state), older_name(state)],
        };
        let mut ours = Vec::new();
        for dir in &self.dirs {
            let is_named = names.iter().any(|name| dir.ends_with(name));
            if is_named && is_within_cgroups(dir)? {
                ours.push(dir.as_path());
            }
        }
        Ok(ours)
    }
}

/// Earlier runtimes put all their cgroups into one called `lab`.
pub(crate) fn older_name(state: &State) -> PathBuf {
    Path::new("lab").join(state.id())
}

/// Whether it is below the root of a hierarchy, the only place in which cgroups are made.
pub(crate) fn is_within_cgroups(dir: &Path) -> Result<bool> {
    let parent = dir.parent().unwrap_or(dir);
    match statfs(parent) {
        Err(Errno::ENOENT) => Ok(false),
        found => {
            let found = found.step(|| format!("look at {}", parent.display()))?;
            Ok([CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC].contains(&found.filesystem_type()))
        }
    }
}
