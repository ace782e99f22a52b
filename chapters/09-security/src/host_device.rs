//! A device of the host for the container: `--device /dev/fuse`.
//!
//! Two things make a device usable: a node, by which it is found, and a rule, by which it
//! may be opened. The node is the host's own, bound into the container's /dev, with its
//! owner and mode; in a user namespace none could be made, mknod(2). The rule joins the
//! default ones of `devices.rs`:
//!
//! ```text
//!   --device /dev/fuse                     c 10:229 rwm   at /dev/fuse
//!   --device /dev/sda:/dev/disk:r          b 8:0 r        at /dev/disk
//! ```
//!
//! The owner of the node still counts. Root of a user namespace is not the host's root,
//! and gets at what is everybody's only, such as /dev/fuse; for the rest there is
//! `--userns host`.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::str::FromStr;

use mount_ns::{Root, Target, bind_from};
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{major, minor};
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::{DeviceAccess, DeviceKind, DeviceRule};

/// `HOST[:CONTAINER][:rwm]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostDevice {
    /// The node on the host.
    pub source: PathBuf,
    /// Where the container has it; an absolute path.
    pub target: PathBuf,
    /// What it may do with the device.
    pub access: DeviceAccess,
}

impl FromStr for HostDevice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split(':').collect();
        let (source, target, letters) = match parts[..] {
            [source] => (source, source, "rwm"),
            [source, letters] if letters.parse::<DeviceAccess>().is_ok() => {
                (source, source, letters)
            }
            [source, target] => (source, target, "rwm"),
            [source, target, letters] => (source, target, letters),
            _ => return Err("expected HOST[:CONTAINER[:rwm]]".to_owned()),
        };
        if let Some(path) = [source, target].into_iter().find(|path| !path.starts_with('/')) {
            return Err(format!("{path:?}: a device is named by an absolute path"));
        }
        Ok(Self { source: source.into(), target: target.into(), access: letters.parse()? })
    }
}

impl HostDevice {
    /// The rule that lets it be opened.
    ///
    /// # Errors
    /// If there is no such device.
    pub(crate) fn rule(&self) -> Result<DeviceRule> {
        let step = || format!("--device {}", self.source.display());
        let found = fs::metadata(&self.source).step(step)?;
        let kind = match found.file_type() {
            kind if kind.is_block_device() => DeviceKind::Block,
            kind if kind.is_char_device() => DeviceKind::Character,
            _ => {
                return Err(Error::new(format!("{}: not a device", step()))
                    .with_hint("files and directories are given with --volume"));
            }
        };
        let number = |part: u64| u32::try_from(part).ok();
        let (major, minor) = (number(major(found.rdev())), number(minor(found.rdev())));
        Ok(DeviceRule { kind, major, minor, access: self.access })
    }

    /// In the container, while the host's files are still in sight: shows the node.
    pub(crate) fn show(&self, root: &Root) -> Result<()> {
        let node = bind_from(AT_FDCWD, &self.source)?;
        root.place(node.as_fd(), &self.target, Target::File)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_read_like_dockers() {
        let parse = |text: &str| text.parse::<HostDevice>();
        let device = |source: &str, target: &str, access: &str| HostDevice {
            source: source.into(),
            target: target.into(),
            access: access.parse().unwrap(),
        };
        assert_eq!(parse("/dev/fuse"), Ok(device("/dev/fuse", "/dev/fuse", "rwm")));
        assert_eq!(parse("/dev/sda:r"), Ok(device("/dev/sda", "/dev/sda", "r")));
        assert_eq!(parse("/dev/sda:/dev/d:wr"), Ok(device("/dev/sda", "/dev/d", "rw")));
        for wrong in ["", "sda", "/dev/sda:d", "/dev/sda:/dev/d:x", "/dev/sda:/d:rr", "/a:/b:r:w"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
