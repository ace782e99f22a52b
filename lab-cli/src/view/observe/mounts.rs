//! The root directory and the mounts under it.
//!
//! Which directory a process calls `/` is told by its device and inode numbers, and
//! they tell a chroot from the host's root just as well as a pivot_root. The mount
//! that it is on says where that directory lies.

use std::path::Path;

use process::Namespace;
use serde::Serialize;

use super::ground::Ground;
use crate::view::mountinfo::Mount;
use crate::view::row::{Mark, Row};
use crate::view::side::Side;
use crate::view::text::Text;
use crate::view::words::{Words, shorten};

/// The directory that a process calls `/`.
#[derive(Clone, Debug, Serialize)]
pub struct Root {
    /// Where it is in its file system; `null` if its mount is not visible.
    pub directory: Option<Text>,
    /// Type of that file system, such as `ext4`.
    pub file_system: Option<Text>,
    /// What that file system is on, such as `/dev/vda1`.
    pub source: Option<Text>,
    /// `st_dev`, as the kernel encodes it.
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
}

/// The mount table as it is reachable from the root.
#[derive(Clone, Debug, Serialize)]
pub struct Mounts {
    /// In the order in which they were mounted.
    pub list: Vec<MountPoint>,
}

/// One mount.
#[derive(Clone, Debug, Serialize)]
pub struct MountPoint {
    /// The mount point, seen from the root.
    pub target: Text,
    /// The file system's type.
    pub file_system: Text,
    /// What is mounted: a device, or a word of the mounter's choice.
    pub source: Text,
    /// Whether this mount is read-only.
    pub read_only: bool,
}

/// Which directory each side calls `/`.
pub fn root(
    host: &Side,
    container: &Side,
    here: Option<Ground>,
    there: Option<Ground>,
) -> Row<Root> {
    let place = |ground: Ground| (ground.device, ground.inode);
    Row {
        mark: Mark::compare(here.map(place), there.map(place)),
        host: here.map(|ground| describe(ground, host, &host.mounts)),
        container: there.map(|ground| {
            // After a chroot, the mount that the root is on lies above the root, and
            // the process's own table does not list it. Ours does if we share it.
            let is_listed = container.mounts.iter().any(|mount| mount.id == ground.mount);
            describe(ground, container, &if is_listed { container } else { host }.mounts)
        }),
    }
}

/// `/proc/PID/root` leads to the directory by our own path if the process shares our
/// mount namespace; of any other it just says `/`.
fn describe(ground: Ground, side: &Side, mounts: &[Mount]) -> Root {
    let mount = mounts.iter().find(|mount| mount.id == ground.mount);
    let link = side.process.link_target("root");
    let directory = mount.zip(link).and_then(|(mount, link)| {
        let below = Path::new(&link).strip_prefix(&mount.target).ok()?;
        Some(if below.as_os_str().is_empty() {
            Path::new(&mount.directory).to_owned()
        } else {
            Path::new(&mount.directory).join(below)
        })
    });
    Root {
        directory: directory.map(|path| Text::from_bytes(path.as_os_str().as_encoded_bytes())),
        file_system: mount.map(|mount| Text::from(mount.file_system.as_str())),
        source: mount.map(|mount| Text::from_bytes(mount.source.as_encoded_bytes())),
        device: ground.device,
        inode: ground.inode,
    }
}

/// Both mount tables.
pub fn mounts(host: &Side, container: &Side) -> Row<Mounts> {
    Row {
        mark: host.compare(container, Namespace::Mnt),
        host: Some(shown(&host.mounts)),
        container: Some(shown(&container.mounts)),
    }
}

fn shown(mounts: &[Mount]) -> Mounts {
    let fields = |mount: &Mount| MountPoint {
        target: Text::from_bytes(mount.target.as_encoded_bytes()),
        file_system: Text::from(mount.file_system.as_str()),
        source: Text::from_bytes(mount.source.as_encoded_bytes()),
        read_only: mount.read_only,
    };
    Mounts { list: mounts.iter().map(fields).collect() }
}

impl Words for Root {
    fn brief(&self) -> String {
        let directory = self.directory.as_ref().map_or("/", |path| path.as_str());
        // The end of a long path tells more than its beginning.
        let mut names = directory.rsplitn(3, '/');
        let directory = match (names.next(), names.next(), names.next()) {
            (Some(name), Some(parent), Some(above)) if !above.is_empty() => {
                format!("…/{parent}/{name}")
            }
            _ => directory.to_owned(),
        };
        match &self.file_system {
            Some(file_system) => format!("{directory} ({file_system})"),
            None => format!("inode {}", self.inode),
        }
    }

    fn full(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(directory) = &self.directory {
            lines.push(format!("directory {directory}"));
        }
        if let (Some(file_system), Some(source)) = (&self.file_system, &self.source) {
            lines.push(format!("of {file_system} on {source}"));
        }
        let (major, minor) =
            (nix::sys::stat::major(self.device), nix::sys::stat::minor(self.device));
        lines.push(format!("device {major}:{minor}, inode {}", self.inode));
        lines
    }
}

impl Words for Mounts {
    fn brief(&self) -> String {
        let targets: Vec<_> = self.list.iter().map(|mount| mount.target.as_str()).collect();
        match targets.as_slice() {
            [] => "none below its root".to_owned(),
            targets => format!("{}: {}", targets.len(), targets.join(", ")),
        }
    }

    fn full(&self) -> Vec<String> {
        let line = |mount: &MountPoint| {
            let read_only = if mount.read_only { ", read-only" } else { "" };
            format!("{} ({}{read_only})", mount.target, mount.file_system)
        };
        if self.list.is_empty() {
            vec!["none below its root".to_owned()]
        } else {
            shorten(self.list.iter().map(line).collect())
        }
    }
}
