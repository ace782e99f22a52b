//! A mount as a value: what is mounted where, and how.
//!
//! Four columns say it, and have since the first Unix: those of fstab(5). An OCI runtime is
//! given the same four in its `config.json`.
//!
//! ```text
//!   source       target   kind    options
//!   proc         /proc    proc    nosuid,nodev,noexec
//!   tmpfs        /run     tmpfs   nosuid,nodev,size=64k
//!   /srv/data    /data    bind    rro                     a volume
//! ```
//!
//! The kernel takes the options in two parts. Some are flags of the mount, a bit for each;
//! the rest are the file system's own, and it gets them as one text. A bind mount has no file
//! system of its own to tell: see `volumes.rs`.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use nix::mount::MsFlags;
use nix::sys::stat::{SFlag, fstat};
use process::{Result, Step};
use serde::{Deserialize, Serialize};

use crate::{Root, Target, instead_of};

/// The kind of those that show what is there already under a second name.
const BIND: &str = "bind";

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What a bind mount shows: an absolute path of the host. Of a new file system, its name.
    #[serde(with = "process::bytes")]
    pub source: PathBuf,
    /// Where the container sees it; an absolute path.
    #[serde(with = "process::bytes")]
    pub target: PathBuf,
    /// The type of a new file system, such as `proc`; or `bind`.
    pub kind: String,
    /// A word of mount(8) each; the later of two wins.
    pub options: Vec<String>,
}

impl Mount {
    /// A new file system, called by its type; with commas between the options.
    pub fn new(kind: &str, target: impl Into<PathBuf>, options: &str) -> Self {
        let words = options.split(',').filter(|word| !word.is_empty());
        Self {
            source: kind.into(),
            target: target.into(),
            kind: kind.to_owned(),
            options: words.map(str::to_owned).collect(),
        }
    }

    /// What the host has at `source`, with all that is mounted below it.
    pub fn bind(source: impl Into<PathBuf>, target: impl Into<PathBuf>, options: &str) -> Self {
        Self { source: source.into(), ..Self::new(BIND, target, options) }
    }

    /// Whether it shows what is there already.
    pub fn is_bind(&self) -> bool {
        self.kind == BIND
    }
}

impl Root {
    /// Mounts it on its place in the container.
    ///
    /// # Errors
    /// If the kernel refuses it, or the place is the container's root.
    pub fn apply(&self, mount: &Mount) -> Result<()> {
        if mount.is_bind() {
            return self.apply_opened(mount, &mount.open()?);
        }
        self.refuse_root(&mount.target)?;
        let (flags, data) = flags_and_data(&mount.options);
        self.mount(&mount.kind, &mount.target, flags, &data)
            .or_else(|error| instead_of(mount, error, self))
    }

    /// The same for a bind mount that is open already, by [`Mount::open`].
    pub fn apply_opened(&self, mount: &Mount, tree: &OwnedFd) -> Result<()> {
        self.refuse_root(&mount.target)?;
        self.place(tree.as_fd(), &mount.target, kind_of(tree)?)
    }
}

/// What has to be at the place of this mount: the same as it is itself.
fn kind_of(tree: &OwnedFd) -> Result<Target> {
    let stat = fstat(tree).step(|| "look at what is to be mounted")?;
    match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFDIR => Ok(Target::Directory),
        _ => Ok(Target::File),
    }
}

/// Words that set a flag of the mount.
const SET: [(&str, MsFlags); 10] = [
    ("ro", MsFlags::MS_RDONLY),
    ("nosuid", MsFlags::MS_NOSUID),
    ("nodev", MsFlags::MS_NODEV),
    ("noexec", MsFlags::MS_NOEXEC),
    ("sync", MsFlags::MS_SYNCHRONOUS),
    ("dirsync", MsFlags::MS_DIRSYNC),
    ("noatime", MsFlags::MS_NOATIME),
    ("nodiratime", MsFlags::MS_NODIRATIME),
    ("relatime", MsFlags::MS_RELATIME),
    ("strictatime", MsFlags::MS_STRICTATIME),
];

/// Words that take one away again.
const CLEAR: [(&str, MsFlags); 8] = [
    ("defaults", MsFlags::empty()),
    ("rw", MsFlags::MS_RDONLY),
    ("suid", MsFlags::MS_NOSUID),
    ("dev", MsFlags::MS_NODEV),
    ("exec", MsFlags::MS_NOEXEC),
    ("async", MsFlags::MS_SYNCHRONOUS),
    ("atime", MsFlags::MS_NOATIME),
    ("diratime", MsFlags::MS_NODIRATIME),
];

/// The two parts that the kernel takes.
pub(crate) fn flags_and_data(options: &[String]) -> (MsFlags, String) {
    let find = |table: &[(&str, MsFlags)], word: &str| {
        table.iter().find(|(name, _)| *name == word).map(|(_, flag)| *flag)
    };
    let (mut flags, mut data) = (MsFlags::empty(), Vec::new());
    for word in options {
        match (find(&SET, word), find(&CLEAR, word)) {
            (Some(flag), _) => flags.insert(flag),
            (_, Some(flag)) => flags.remove(flag),
            _ => data.push(word.as_str()),
        }
    }
    (flags, data.join(","))
}
