//! Files in the container's /etc that tell what the runtime knows.
//!
//! Written into the root file system they would stay there, wrong for the next
//! container. So they are in the container's record on the host, each is bound over its
//! name in /etc, and they go with the record:
//!
//! ```text
//!   record of the container        its root
//!   ├─ hostname ───── bind ─────▶ /etc/hostname
//!   └─ hosts ──────── bind ─────▶ /etc/hosts
//! ```
//!
//! It is one file under two names. What the host writes into it, the container reads, while
//! it runs; a file that was put in its place would be another one.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use mount_ns::{Mount, Root};
use process::{Result, State, Step};

/// A name in /etc, and what is shown there.
pub type EtcFile = (&'static str, Vec<u8>);

/// The files of one container.
#[derive(Clone, Debug)]
pub struct EtcFiles(Vec<Mount>);

impl EtcFiles {
    // ANCHOR: write
    /// Writes them into the container's record, or anew what is in there.
    pub fn write(files: &[EtcFile], state: &State) -> Result<Self> {
        let mut mounts = Vec::new();
        for (name, contents) in files {
            let path = state.dir().join(name);
            let step = || format!("write {}", path.display());
            let mut file = File::create(&path).step(step)?;
            // Readable for every user in there, whatever the umask of ours outside.
            file.set_permissions(Permissions::from_mode(0o644)).step(step)?;
            file.write_all(contents).step(step)?;
            mounts.push(Mount::bind(path, Path::new("/etc").join(name), ""));
        }
        Ok(Self(mounts))
    }

    /// Those of another container, by its record: no copies, so that the two never differ.
    pub fn of_another(record: &Path, names: &[&str]) -> Self {
        let file = |name| Mount::bind(record.join(name), Path::new("/etc").join(name), "");
        Self(names.iter().map(file).collect())
    }

    /// In the container: shows them in its /etc.
    pub fn show(&self, root: &Root) -> Result<()> {
        self.0.iter().try_for_each(|mount| root.apply(mount))
    }
    // ANCHOR_END: write

    /// The same where they are open already.
    pub fn show_opened(&self, root: &Root, opened: &[OwnedFd]) -> Result<()> {
        self.0.iter().zip(opened).try_for_each(|(mount, file)| root.apply_opened(mount, file))
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Opens them, for a container whose root does not reach the record (chapter 8).
    pub fn open(&self) -> Result<Vec<OwnedFd>> {
        self.0.iter().map(Mount::open).collect()
    }

    /// Gives them to the user and group of the host that the container's root is.
    pub fn give_to(&self, uid: u32, gid: u32) -> Result<()> {
        self.0.iter().try_for_each(|Mount { source, .. }| {
            chown(source, Some(uid), Some(gid))
                .step(|| format!("give {} to user {uid}", source.display()))
        })
    }
}
