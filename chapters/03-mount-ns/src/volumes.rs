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

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use process::{Error, Result, Step};

use crate::root::absolute;
use crate::{Mount, sys};

impl Mount {
    // ANCHOR: open
    /// Of a bind mount: a copy of the source's mounts, read-only if it shall be. It has no
    /// place yet.
    ///
    /// # Errors
    /// If there is no such source, or it cannot be made read-only.
    pub fn open(&self) -> Result<OwnedFd> {
        let tree = bind_from(AT_FDCWD, &self.source)?;
        for word in &self.options {
            let made = match word.as_str() {
                "rro" => sys::make_all_read_only(tree.as_fd()),
                "ro" => sys::make_read_only(tree.as_fd()), // but none of those in it
                _ => return Err(Error::new(format!("a bind mount has no option {word}"))),
            };
            let step = || format!("make the volume {} read-only", self.source.display());
            made.step(step).map_err(|error| match error.errno() {
                Some(Errno::ENOSYS) => error.with_hint("mount_setattr needs Linux 5.12"),
                _ => error,
            })?;
        }
        Ok(tree)
    }
    // ANCHOR_END: open
}

/// A copy of the mount at `path`, relative to the directory `dir`, and of all mounts
/// below it. It has no place yet: see [`crate::Root::place`].
///
/// The copy of a shared mount is shared as well, wherever it goes: what the container
/// mounts below it would appear on the host.
pub fn bind_from(dir: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd> {
    let step = || format!("clone the mount of {}", path.display());
    let tree = sys::clone_tree(dir, path).step(step)?;
    sys::make_private(tree.as_fd()).step(step)?;
    Ok(tree)
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

impl Volume {
    /// Reads what was typed: bytes, as all names are.
    pub(crate) fn parse(text: OsString) -> Result<Self, String> {
        let mut parts = text.as_bytes().split(|&byte| byte == b':');
        let mut next = || parts.next().map(|part| OsString::from_vec(part.to_vec()));
        let (source, target) = match (next(), next()) {
            (Some(source), Some(target)) if !source.is_empty() => (source, target),
            _ => return Err("expected SRC:DST, such as /srv/data:/data".to_owned()),
        };
        let read_only = match (next(), next()) {
            (None, None) => false,
            (Some(mode), None) if mode == "rw" => false,
            (Some(mode), None) if mode == "ro" => true,
            (mode, _) => {
                let mode = mode.unwrap_or_default();
                return Err(format!("{}: expected ro or rw", mode.display()));
            }
        };
        Ok(Self { source: source.into(), target: absolute(&target)?, read_only })
    }

    /// The mount that it is.
    ///
    /// # Errors
    /// If its source does not exist.
    pub(crate) fn resolve(&self) -> Result<Mount> {
        let step = || format!("use {} as a volume", self.source.display());
        match self.source.metadata() {
            Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => {
                return Err(Error::from_errno(step(), Errno::ENOENT)
                    .with_hint("create it first; a mistyped path should not become a directory"));
            }
            found => found.step(step)?,
        };
        let source = std::path::absolute(&self.source).step(step)?;
        Ok(Mount::bind(source, &self.target, if self.read_only { "rro" } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tmpfs;

    #[test]
    fn a_volume_is_read_like_dockers() {
        let parse = |text: &str| Volume::parse(text.into());
        let volume = parse("/srv:/data:ro").unwrap();
        assert_eq!(
            volume,
            Volume { source: "/srv".into(), target: "/data".into(), read_only: true }
        );
        assert!(!parse("/srv:/data").unwrap().read_only);
        for wrong in ["/srv", ":/data", "/srv:data", "/srv:/data:rx", "/a:/b:ro:ro", "/a:/"] {
            assert!(parse(wrong).is_err(), "{wrong} was accepted");
        }
    }

    #[test]
    fn the_containers_root_is_no_place_for_a_mount() {
        for root in ["/", "//", "/.", "/a/..", "/../", "/a/../../b/.."] {
            assert!(Volume::parse(format!("/srv:{root}").into()).is_err(), "{root}");
            assert!(root.parse::<Tmpfs>().is_err(), "{root}");
        }
        assert_eq!("/a/./../b//c".parse::<Tmpfs>().unwrap().resolve().target, Path::new("/b/c"));
    }
}
