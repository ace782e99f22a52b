//! Who runs in a container, so that others can find it by name, and end it.
//!
//! ```text
//! {"version":3,"id":"3f9c0a1b2c4d…","name":null,"chapter":"chapter-07-overlay","owner":"runtime",
//!  "created":1764424522123,"process":{"pid":8634,"tick":421337,"boot":"0b6f…"},
//!  "command":["sh","-c","sleep 7"],
//!  "words":["lab","run","7","--","sh","-c","sleep 7"],
//!  "resolved":{"command":{"argv":["sh","-c","sleep 7"],"env":[["TERM","xterm"]],…},
//!              "root":"/srv/rootfs",…}}
//! ```
//!
//! The last two are for people, and for who starts it again. Nobody else reads them, as there
//! is one such file for each container that lives.
//!
//! It is read by other versions of this program than that which wrote it. A later one may
//! have said what we do not know to heed, so what has a higher number is left alone. Version 1
//! had no owner: it was the runtime. Before version 3, none stayed when it had ended, so that
//! there was always a process.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::identity::Identity;
use super::resolved::Recorded;
use crate::life::Owner;
use crate::{Error, Result, Step, bytes, plain_file};

/// The name of that record.
pub(super) const CONTAINER: &str = "container.json";

/// While it is written.
pub(super) const UNFINISHED: &str = "container.json.part";

/// Before there were versions, it was lines of text.
pub(super) const OLD: &str = "container";

/// The version that we write, and the highest that we read.
const VERSION: u32 = 3;

/// What is written down when the container is built.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Announcement {
    version: u32,
    /// All 64 digits; the directory has the first twelve.
    id: String,
    /// The name it was given with `--name`.
    pub name: Option<String>,
    /// The chapter whose runtime made it, such as `chapter-07-overlay`.
    pub chapter: String,
    /// To whom it belongs.
    #[serde(default)]
    owner: Owner,
    /// In milliseconds since 1970.
    pub created: u64,
    /// Its first process; `None` if it has not had one yet.
    pub process: Option<Identity>,
    /// The command it runs.
    #[serde(with = "bytes")]
    pub command: Vec<OsString>,
}

/// All that is written down.
#[derive(Debug, Serialize)]
pub(super) struct Complete {
    #[serde(flatten)]
    announcement: Announcement,
    /// The command line that has made it.
    #[serde(with = "bytes")]
    words: Vec<OsString>,
    /// What that has meant, by the names of the lessons.
    resolved: Map<String, Value>,
}

/// To be read first, and of every version.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Announcement {
    /// A new one, of this moment.
    pub fn new(
        id: &str,
        name: Option<String>,
        chapter: &str,
        process: Option<Identity>,
        command: Vec<OsString>,
    ) -> Self {
        let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self {
            version: VERSION,
            id: id.to_owned(),
            name,
            chapter: chapter.to_owned(),
            owner: if process.is_some() { Owner::Runtime } else { Owner::Maker },
            created: since_1970.as_millis().try_into().unwrap_or(u64::MAX),
            process,
            command,
        }
    }

    /// The same with what its runtime was asked for.
    pub fn with(self, resolved: Map<String, Value>) -> Complete {
        Complete { announcement: self, words: std::env::args_os().collect(), resolved }
    }

    /// Reads the one of a record; `None` while the container is being made.
    ///
    /// # Errors
    /// If a later version has written it, or it cannot be read. Then nobody knows whose the
    /// container is, and it must not be taken for abandoned.
    pub fn look(record: &Path) -> Result<Option<Self>> {
        let path = record.join(CONTAINER);
        let step = || format!("read {}", path.display());
        let text = match plain_file::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::read_old(record));
            }
            text => text.step(step)?,
        };
        match serde_json::from_slice(&text) {
            Ok(Version { version }) if version > VERSION => {
                Err(Error::new(format!("{}: its version is {version}", step()))
                    .with_hint("a later version of lab has made this container: use that one"))
            }
            _ => serde_json::from_slice(&text).map(Some).map_err(io::Error::from).step(step),
        }
    }

    /// The same for who only looks on: what cannot be read is as good as not there.
    pub fn read(record: &Path) -> Option<Self> {
        Self::look(record).ok().flatten()
    }

    /// The name that a record's container has, or was about to take.
    pub fn name(record: &Path) -> Option<String> {
        let unfinished = || plain_file::read(&record.join(UNFINISHED)).ok();
        let it = Self::read(record).or_else(|| serde_json::from_slice(&unfinished()?).ok());
        it?.name
    }

    /// What is written down, but for one value of it.
    ///
    /// # Errors
    /// If there is no record.
    pub fn but_for(record: &Path, key: &str, value: impl Serialize) -> Result<Vec<u8>> {
        let path = record.join(CONTAINER);
        let step = || format!("read {}", path.display());
        let text = plain_file::read(&path).step(step)?;
        let mut complete: Map<String, Value> =
            serde_json::from_slice(&text).map_err(io::Error::from).step(step)?;
        let value = serde_json::to_value(value).map_err(io::Error::from).step(step)?;
        complete.insert(key.to_owned(), value);
        serde_json::to_vec(&complete).map_err(io::Error::from).step(step)
    }

    /// What the container was asked to be.
    ///
    /// # Errors
    /// If there is no record.
    pub fn recorded(record: &Path) -> Result<Recorded> {
        #[derive(Deserialize)]
        struct Values {
            #[serde(default)]
            resolved: Recorded,
        }
        let path = record.join(CONTAINER);
        let step = || format!("read {}", path.display());
        let text = match plain_file::read(&path) {
            // Before there were versions, nothing of it was written down.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Recorded::default()),
            text => text.step(step)?,
        };
        let values: Values = serde_json::from_slice(&text).map_err(io::Error::from).step(step)?;
        Ok(values.resolved)
    }

    /// All 64 digits of its id, where its record has them; `short` is the record's name.
    pub fn full_id<'a>(&'a self, short: &'a str) -> &'a str {
        if self.id.is_empty() { short } else { &self.id }
    }

    /// Whether it belongs to itself, and has not ended.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn lives_on_its_own(&self) -> Result<bool> {
        match self.owner {
            Owner::Runtime | Owner::Maker => Ok(false),
            Owner::Itself => self.has_process(),
        }
    }

    /// Whether a record that we have locked has nobody any more to whom it belongs.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn is_abandoned(looked: Option<&Self>) -> Result<bool> {
        looked.map_or(Ok(true), |it| it.lives_on_its_own().map(|lives| !lives))
    }

    /// Whether it stays when it has ended.
    pub fn stays(&self) -> bool {
        self.owner == Owner::Maker
    }

    /// Whether its first process is there.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn has_process(&self) -> Result<bool> {
        self.process.as_ref().map_or(Ok(false), |it| it.open().map(|pidfd| pidfd.is_some()))
    }

    /// Pid, start, chapter and name on a line each, and the words of the command, each with
    /// a NUL behind it.
    fn read_old(record: &Path) -> Option<Self> {
        let text = plain_file::read(&record.join(OLD)).ok()?;
        let mut lines = text.splitn(5, |&byte| byte == b'\n');
        let mut line = || String::from_utf8(lines.next()?.to_vec()).ok();
        let pid = line()?.parse().ok()?;
        let started = line()?;
        let (tick, boot) = started.split_once(' ')?;
        let process = Identity { pid, tick: tick.parse().ok()?, boot: boot.to_owned() };
        let chapter = line()?;
        let name = Some(line()?).filter(|name| !name.is_empty());
        let words = lines.next()?.split_inclusive(|&byte| byte == 0);
        let words = words.map(|word| OsString::from_vec(word[..word.len() - 1].to_vec()));
        Some(Self::new("", name, &chapter, Some(process), words.collect()))
    }
}
