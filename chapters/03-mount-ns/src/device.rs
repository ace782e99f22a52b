//! Device nodes: `mknod(2)`.
//!
//! A node is a name for a number, and the number says which driver of the kernel answers.
//! So a node that is made in the container leads to the same device as the host's.

use std::os::fd::AsFd;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmodat, makedev, mknodat};
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::{Mount, Root, Target};

/// One device node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Where the container has it; an absolute path.
    #[serde(with = "process::bytes")]
    pub path: PathBuf,
    /// Which of the two tables of drivers its number is from.
    pub kind: DeviceKind,
    /// The driver.
    pub major: u32,
    /// One of its devices.
    pub minor: u32,
    /// Who may open it: permission bits, `0o666` for everybody.
    pub mode: u32,
}

/// How a device is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Byte by byte, such as a terminal.
    Character,
    /// In blocks, such as a disk.
    Block,
}

impl Root {
    /// Makes a device node in the container, or binds the host's where none can be made.
    pub fn make_device(&self, device: &Device) -> Result<()> {
        let step = || format!("create {}", device.path.display());
        let (Some(parent), Some(name)) = (device.path.parent(), device.path.file_name()) else {
            return Err(Error::new(format!("{}: it is the container's root", step())));
        };
        let dir = self.target(parent, Target::Directory)?;
        let kind = match device.kind {
            DeviceKind::Character => SFlag::S_IFCHR,
            DeviceKind::Block => SFlag::S_IFBLK,
        };
        let mode = Mode::from_bits_truncate(device.mode);
        let number = makedev(device.major.into(), device.minor.into());
        match mknodat(dir.as_fd(), name, kind, mode, number) {
            // mknod(2) is for the host's root only: user_namespaces(7).
            Err(Errno::EPERM) => self.apply(&Mount::bind(&device.path, &device.path, "")),
            made => {
                made.step(step)?;
                // The caller's umask took bits away, and changing that would be a trace.
                fchmodat(dir.as_fd(), name, mode, FchmodatFlags::FollowSymlink).step(step)
            }
        }
    }
}
