//! Volumes: directories of the host inside the container.
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
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{SFlag, fstat};
use process::{Error, Result, Step};

use crate::root::absolute;
use crate::{Root, Target, Tmpfs, sys};

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
                    Err(Error::from_errno(step(), Errno::ENOENT).with_hint(
                        "create it first; a mistyped path should not become a directory",
                    ))
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
            sys::make_all_read_only(tree.as_fd())
                .step(|| format!("make the volume {source} read-only"))
                .map_err(|error| match error.errno() {
                    Some(Errno::ENOSYS) => error.with_hint("mount_setattr needs Linux 5.12"),
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
                    Some(Errno::EINVAL) => {
                        error.with_hint(format!("one of `{data}` has a wrong value"))
                    }
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
    fn the_containers_root_is_no_place_for_a_mount() {
        for root in ["/", "//", "/.", "/a/..", "/../", "/a/../../b/.."] {
            assert!(format!("/srv:{root}").parse::<Volume>().is_err(), "{root}");
            assert!(root.parse::<Tmpfs>().is_err(), "{root}");
        }
        assert_eq!("/a/./../b//c".parse::<Tmpfs>().unwrap().target, Path::new("/b/c"));
    }
}
