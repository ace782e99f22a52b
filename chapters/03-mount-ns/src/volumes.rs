//! Volumes: directories of the host inside the container, and fresh tmpfs ones.
//!
//! A volume is a *bind mount*: the same files under a second name. The three steps
//! use the newer mount calls, so that the volume is never there in a wrong state:
//!
//! ```text
//!   open_tree(CLONE)      a copy of the source's mounts, placed nowhere
//!   mount_setattr(RDONLY) for `ro`: on every mount of the copy, not the first only
//!   move_mount            onto the target, looked up inside the root
//! ```

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::mount::MsFlags;
use nix::sys::stat::{SFlag, fstat};
use process::{Error, Result, Step};

use crate::{Root, Target, sys};

/// The command-line options of chapter 3.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 03: its own mounts")]
pub struct MountOptions {
    /// Show a file or directory of the host in the container
    #[arg(short, long, value_name = "SRC:DST[:ro]")]
    pub volume: Vec<Volume>,

    /// Mount a fresh tmpfs, gone at the end
    #[arg(long, value_name = "DST[:OPTIONS]")]
    pub tmpfs: Vec<Tmpfs>,

    /// Make the root file system read-only
    #[arg(long)]
    pub read_only: bool,
}

impl MountOptions {
    /// Checks what can be checked before anything is made.
    ///
    /// # Errors
    /// If the source of a volume does not exist.
    pub fn check(&self) -> Result<()> {
        self.volume.iter().try_for_each(|volume| {
            let step = || format!("use {} as a volume", volume.source.display());
            match std::fs::metadata(&volume.source) {
                Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => {
                    Err(Error::from_errno(step(), Errno::ENOENT)
                        .hint("create it first; a mistyped path should not become a directory"))
                }
                found => found.map(drop).step(step),
            }
        })
    }

    /// Where the container sees them.
    pub fn targets(&self) -> impl Iterator<Item = PathBuf> {
        let volumes = self.volume.iter().map(|volume| volume.target.clone());
        volumes.chain(self.tmpfs.iter().map(|tmpfs| tmpfs.target.clone()))
    }
}

/// `SRC:DST[:ro|rw]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// A file or directory of the host.
    pub source: PathBuf,
    /// Where the container sees it; an absolute path.
    pub target: PathBuf,
    /// Whether it can only be read there, and everything mounted below it as well.
    pub read_only: bool,
}

impl FromStr for Volume {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let (source, target) = match (parts.next(), parts.next()) {
            (Some(source), Some(target)) if !source.is_empty() => (source, target),
            _ => return Err("expected SRC:DST, such as /srv/data:/data".to_owned()),
        };
        let read_only = match (parts.next(), parts.next()) {
            (None | Some("rw"), None) => false,
            (Some("ro"), None) => true,
            (mode, _) => return Err(format!("{}: expected ro or rw", mode.unwrap_or_default())),
        };
        Ok(Self { source: source.into(), target: absolute(target)?, read_only })
    }
}

/// `DST[:OPTIONS]`, with the options of mount(8): `/run:size=64k,exec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where the container sees it; an absolute path.
    pub target: PathBuf,
    /// What the kernel calls mount flags.
    pub flags: MsFlags,
    /// What is left to the file system: `size=64k`, `mode=1777`, see tmpfs(5).
    pub data: String,
}

impl FromStr for Tmpfs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (target, options) = text.split_once(':').unwrap_or((text, ""));
        let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let mut data = Vec::new();
        for option in options.split(',').filter(|option| !option.is_empty()) {
            match option {
                "defaults" => {}
                "ro" => flags.insert(MsFlags::MS_RDONLY),
                "rw" => flags.remove(MsFlags::MS_RDONLY),
                "noexec" => flags.insert(MsFlags::MS_NOEXEC),
                "exec" => flags.remove(MsFlags::MS_NOEXEC),
                "nosuid" => flags.insert(MsFlags::MS_NOSUID),
                "suid" => flags.remove(MsFlags::MS_NOSUID),
                "nodev" => flags.insert(MsFlags::MS_NODEV),
                "dev" => flags.remove(MsFlags::MS_NODEV),
                "sync" => flags.insert(MsFlags::MS_SYNCHRONOUS),
                "async" => flags.remove(MsFlags::MS_SYNCHRONOUS),
                "dirsync" => flags.insert(MsFlags::MS_DIRSYNC),
                "noatime" => flags.insert(MsFlags::MS_NOATIME),
                "atime" => flags.remove(MsFlags::MS_NOATIME),
                "nodiratime" => flags.insert(MsFlags::MS_NODIRATIME),
                "diratime" => flags.remove(MsFlags::MS_NODIRATIME),
                "relatime" => flags.insert(MsFlags::MS_RELATIME),
                "strictatime" => flags.insert(MsFlags::MS_STRICTATIME),
                other if OF_TMPFS.contains(&name_of(other)) => data.push(other),
                other => return Err(format!("a tmpfs has no option {other}: see tmpfs(5)")),
            }
        }
        Ok(Self { target: absolute(target)?, flags, data: data.join(",") })
    }
}

/// What tmpfs(5) takes beside the flags of every mount.
const OF_TMPFS: [&str; 9] =
    ["size", "nr_blocks", "nr_inodes", "mode", "uid", "gid", "mpol", "huge", "noswap"];

/// The part of an option before its value.
fn name_of(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

/// A path in the container, without the detours: `/a/../b` is `/b`, as Docker has it.
fn absolute(path: &str) -> Result<PathBuf, String> {
    if !path.starts_with('/') {
        return Err(format!("{path}: the path in the container must be absolute"));
    }
    let mut plain = PathBuf::from("/");
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            _ => {}
        }
    }
    match plain.parent() {
        Some(_) => Ok(plain),
        None => Err(format!("{path}: it cannot be the container's root")),
    }
}

impl Volume {
    // ANCHOR: open
    /// A copy of the source's mounts, read-only if it shall be. It has no place yet.
    ///
    /// # Errors
    /// If there is no such source, or it cannot be made read-only.
    pub fn open(&self) -> Result<OwnedFd> {
        let source = self.source.display();
        let tree = bind_from(AT_FDCWD, &self.source)?;
        if self.read_only {
            let recursive = true;
            sys::make_read_only(tree.as_fd(), recursive)
                .step(|| format!("make the volume {source} read-only"))
                .map_err(|error| match error.errno() {
                    Some(Errno::ENOSYS) => error.hint("mount_setattr needs Linux 5.12"),
                    _ => error,
                })?;
        }
        Ok(tree)
    }
    // ANCHOR_END: open
}

/// Mounts all volumes and tmpfs below the new root.
pub fn mount_volumes(root: &Root, options: &MountOptions) -> Result<()> {
    let trees = options.volume.iter().map(Volume::open).collect::<Result<_>>()?;
    place_volumes(root, options, trees)
}

/// The same for volumes that are opened already, in the order of the options.
///
/// The outer ones come first: a mount on /data would cover one made before on
/// /data/cache.
pub fn place_volumes(root: &Root, options: &MountOptions, trees: Vec<OwnedFd>) -> Result<()> {
    let volumes =
        options.volume.iter().zip(trees).map(|(volume, tree)| Mount::Volume(volume, tree));
    let mut mounts: Vec<_> = volumes.chain(options.tmpfs.iter().map(Mount::Tmpfs)).collect();
    mounts.sort_by_key(|mount| mount.target().components().count());
    mounts.iter().try_for_each(|mount| {
        root.refuse_root(mount.target())?;
        match mount {
            Mount::Volume(volume, tree) => root.place(tree.as_fd(), &volume.target, kind_of(tree)?),
            Mount::Tmpfs(Tmpfs { target, flags, data }) => {
                root.mount("tmpfs", target, *flags, data).map_err(|error| match error.errno() {
                    Some(Errno::EINVAL) => error.hint(format!("one of `{data}` has a wrong value")),
                    _ => error,
                })
            }
        }
    })
}

enum Mount<'a> {
    Volume(&'a Volume, OwnedFd),
    Tmpfs(&'a Tmpfs),
}

impl Mount<'_> {
    fn target(&self) -> &Path {
        match self {
            Self::Volume(volume, _) => &volume.target,
            Self::Tmpfs(tmpfs) => &tmpfs.target,
        }
    }
}

/// What has to be at the place of this mount: the same as it is itself.
fn kind_of(tree: &OwnedFd) -> Result<Target> {
    let stat = fstat(tree).step(|| "look at a volume")?;
    match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFDIR => Ok(Target::Directory),
        _ => Ok(Target::File),
    }
}

/// A copy of the mount at `path`, relative to the directory `dir`, and of all mounts
/// below it. It has no place yet: see [`Root::place`].
///
/// The copy of a shared mount is shared as well, wherever it goes: what the container
/// mounts below it would appear on the host.
pub fn bind_from(dir: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd> {
    let step = || format!("clone the mount of {}", path.display());
    let tree = sys::clone_tree(dir, path).step(step)?;
    sys::make_private(tree.as_fd()).step(step)?;
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_read_like_dockers() {
        let volume: Volume = "/srv:/data:ro".parse().unwrap();
        assert_eq!(
            volume,
            Volume { source: "/srv".into(), target: "/data".into(), read_only: true }
        );
        assert!(!"/srv:/data".parse::<Volume>().unwrap().read_only);
        for wrong in ["/srv", ":/data", "/srv:data", "/srv:/data:rx", "/a:/b:ro:ro", "/a:/"] {
            assert!(wrong.parse::<Volume>().is_err(), "{wrong} was accepted");
        }
    }

    #[test]
    fn a_tmpfs_is_harmless_unless_told_otherwise() {
        let tmpfs: Tmpfs = "/run:exec,size=64k,mode=700".parse().unwrap();
        assert_eq!(tmpfs.flags, MsFlags::MS_NOSUID | MsFlags::MS_NODEV);
        assert_eq!(tmpfs.data, "size=64k,mode=700");
        let tmpfs: Tmpfs = "/run:defaults,noatime,relatime".parse().unwrap();
        assert_eq!(tmpfs.data, "");
        assert!("/run:size=1m,sizes=2m".parse::<Tmpfs>().unwrap_err().contains("sizes=2m"));
    }

    #[test]
    fn the_containers_root_is_no_place_for_a_mount() {
        for root in ["/", "//", "/.", "/a/..", "/../", "/a/../../b/.."] {
            assert!(format!("/srv:{root}").parse::<Volume>().is_err(), "{root}");
            assert!(root.parse::<Tmpfs>().is_err(), "{root}");
        }
        assert_eq!("/a/./../b//c".parse::<Tmpfs>().unwrap().target, Path::new("/b/c"));
    }
}
