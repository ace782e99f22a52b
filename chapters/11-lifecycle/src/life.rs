//! What is known of a container's life: a file, and a lock that tells whether to believe it.
//!
//! Its monitor writes down each change. But a monitor can be killed at any moment, and the host
//! can lose its power, and then the file says for ever that the container is running. So nobody
//! believes it alone:
//!
//! ```text
//!   state.json    the record's lock    the container is
//!   created       free                 created
//!   created       held                 about to start
//!   running       held                 running
//!   running       free                 exited, with a code that nobody knows
//!   exited        free or held         exited
//! ```
//!
//! The lock may also be held for a moment by somebody who looks after what a killed monitor has
//! left. So the monitor itself is asked for as well.
//!
//! What is not known is said to be unknown. A code of 0 would mean that all was well.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cgroups::{Hierarchy, hierarchies};
use process::record::{Identity, Known};
use process::{Error, Kind, Result, State, Step, Turn, plain_file};
use serde::{Deserialize, Serialize};

use crate::{Ends, is_paused};

/// What this chapter has in a container's record: a directory.
pub(crate) const RECORD: &str = "life";

/// In there: what is known.
const STATE: &str = "state.json";

/// The version that we write, and the highest that we read.
const VERSION: u32 = 1;

/// What it is among a container's parts: it stays as its files do.
pub const KIND: Kind = Kind { turn: Turn::Files, sweep };

/// What a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It has not been started yet.
    Created,
    /// Its command runs.
    Running,
    /// It would, if it were not frozen. This is never written down.
    Paused,
    /// It has ended, and is about to be started again.
    Restarting,
    /// It has ended.
    Exited,
}

/// A container's life up to now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    version: u32,
    /// What it is doing.
    pub status: Status,
    /// When it was started last, in milliseconds since 1970.
    pub started: Option<u64>,
    /// When it ended last.
    pub finished: Option<u64>,
    /// How that was; `None` if nobody knows.
    pub exit_code: Option<u8>,
    /// Whether it has ended because it had no memory left.
    pub oom_killed: bool,
    /// Why it could not be started, or is not known.
    pub error: String,
    /// What its user should know, a line each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// How often it was started again without being asked.
    pub restarts: u32,
    /// How many lines of its log could not be written.
    #[serde(default)]
    pub lost_lines: u64,
    /// Who watches over it.
    pub monitor: Option<Identity>,
}

impl Status {
    /// Whether its command runs, would run, or is about to run again.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

impl Life {
    /// That of a container which has just been made.
    pub(crate) fn new() -> Self {
        Self {
            version: VERSION,
            status: Status::Created,
            started: None,
            finished: None,
            exit_code: None,
            oom_killed: false,
            error: String::new(),
            notes: Vec::new(),
            restarts: 0,
            lost_lines: 0,
            monitor: None,
        }
    }

    /// The same when somebody wants it to be started, and this process watches over it.
    pub(crate) fn again(self, monitor: Identity) -> Self {
        let status = if self.started.is_some() { Status::Exited } else { Status::Created };
        let (error, monitor) = (String::new(), Some(monitor));
        Self { status, error, monitor, restarts: 0, ..self }
    }

    /// What is true of it now.
    ///
    /// # Errors
    /// If it cannot be read, or a later version has written it.
    pub fn of(container: &Known) -> Result<Self> {
        Self::in_hierarchies(container, &hierarchies()?)
    }

    /// The same for who looks at many of them.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn in_hierarchies(container: &Known, trees: &[Hierarchy]) -> Result<Self> {
        // ANCHOR: of
        let mut life = Self::read(&container.dir)?;
        // Before this chapter, there was nobody but the first process to ask for.
        let who = life.monitor.as_ref().or(container.process.as_ref());
        let is_there = || who.is_some_and(|who| !matches!(who.open(), Ok(None)));
        if life.status.is_running() && !(container.is_alive && is_there()) {
            life.status = Status::Exited;
            life.exit_code = None;
            life.finished = None;
            life.error = match &life.monitor {
                Some(monitor) if !monitor.is_of_this_boot() => "the host was restarted",
                _ => "its monitor was killed",
            }
            .to_owned();
        } else if life.status == Status::Running && is_paused(container, trees) {
            life.status = Status::Paused;
        }
        Ok(life)
        // ANCHOR_END: of
    }

    /// What is written down.
    ///
    /// # Errors
    /// If it cannot be read, or a later version has written it.
    pub(crate) fn read(record: &Path) -> Result<Self> {
        let path = record.join(RECORD).join(STATE);
        let step = || format!("read {}", path.display());
        let text = match plain_file::read(&path) {
            // A container of an earlier chapter: it runs, or it is gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { status: Status::Running, ..Self::new() });
            }
            text => text.step(step)?,
        };
        let life: Self = serde_json::from_slice(&text).map_err(io::Error::from).step(step)?;
        if life.version > VERSION {
            return Err(Error::new(format!("{}: its version is {}", step(), life.version))
                .with_hint("a later version of lab has made this container: use that one"));
        }
        Ok(life)
    }

    // ANCHOR: write
    /// Writes it down: whoever reads meanwhile sees what was there before, or all of the new.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, record: &Path) -> Result<()> {
        let dir = record.join(RECORD);
        let text = serde_json::to_vec(self).map_err(io::Error::from);
        let (part, place) = (dir.join("state.json.part"), dir.join(STATE));
        let write = |text: Vec<u8>| {
            let mut new = File::options();
            new.write(true).create(true).truncate(true).mode(0o600);
            new.open(&part)?.write_all(&text)?;
            fs::rename(&part, &place)
        };
        text.and_then(write).step(|| format!("write {}", place.display()))
    }
    // ANCHOR_END: write
}

/// The directory, in a container's record.
pub(crate) fn dir(record: &Path) -> PathBuf {
    record.join(RECORD)
}

/// Makes the directory for a new container.
pub(crate) fn begin(state: &State) -> Result<()> {
    let dir = state.dir().join(RECORD);
    let made = DirBuilder::new().mode(0o700).create(&dir);
    made.step(|| format!("create {}", dir.display()))?;
    Ends::begin(&dir)?;
    Life::new().write(state.dir())
}

/// This moment, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since_1970 = UNIX_EPOCH.elapsed().unwrap_or_default();
    since_1970.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Removes what is known of a container that is being removed.
fn sweep(state: &State) -> Result<Vec<String>> {
    let dir = state.dir().join(RECORD);
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        removed => removed
            .map(|()| vec![format!("state and log {}", dir.display())])
            .step(|| format!("remove {}", dir.display())),
    }
}
