//! Device rules: which devices the container may open.
//!
//! Its /dev holds six harmless nodes, but a node is only a name for a number. Root with
//! CAP_MKNOD, which belongs to the default set, can make one for 8:0 and read the host's
//! disk. So the cgroup keeps a list of what may be opened, and the kernel asks it at every
//! `open` of a device and every `mknod`:
//!
//! ```text
//!   v1   echo a           > devices.deny     nothing, and then one rule a line:
//!        echo 'c 1:3 rwm' > devices.allow    type, major:minor, read write mknod
//!   v2   no file at all: a small program in the kernel, see device_program.rs
//! ```
//!
//! A device that is open already stays so: the rules stand before the first process enters
//! the cgroup.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use cgroups::Cgroup;
use nix::errno::Errno;
use nix::unistd::geteuid;
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::{DeviceAccess, DeviceKind, DeviceRule, HostDevice, device_program, sys};

// ANCHOR: default
/// Docker's default. Making a node is harmless as long as it cannot be opened, and
/// package managers do it.
const DEFAULT: [DeviceRule; 11] = [
    nodes(DeviceKind::Character),
    nodes(DeviceKind::Block),
    character(1, Some(3)), // null
    character(1, Some(5)), // zero
    character(1, Some(7)), // full
    character(1, Some(8)), // random
    character(1, Some(9)), // urandom
    character(5, Some(0)), // tty
    character(5, Some(1)), // console
    character(5, Some(2)), // ptmx
    character(136, None),  // pts/*
];
// ANCHOR_END: default

const fn nodes(kind: DeviceKind) -> DeviceRule {
    DeviceRule { kind, major: None, minor: None, access: DeviceAccess::MKNOD }
}

const fn character(major: u32, minor: Option<u32>) -> DeviceRule {
    DeviceRule { kind: DeviceKind::Character, major: Some(major), minor, access: DeviceAccess::ALL }
}

/// Which devices a container may open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRules(pub Vec<DeviceRule>);

impl DeviceRules {
    /// The default ones, and those that it is given.
    ///
    /// # Errors
    /// If there is no such device.
    pub fn with(given: &[HostDevice]) -> Result<Self> {
        let given = given.iter().map(HostDevice::rule);
        DEFAULT.into_iter().map(Ok).chain(given).collect::<Result<_>>().map(Self)
    }

    /// Lets a cgroup open these only.
    ///
    /// # Errors
    /// If neither generation of cgroups offers device rules, or the kernel refuses them.
    pub fn apply(&self, cgroup: &Cgroup) -> Result<()> {
        let restricted = match (cgroup.dir_of("devices"), cgroup.fd()) {
            (Some(dir), _) => write_v1(dir, &self.0),
            (None, Some(dir)) => sys::load_device_program(&device_program::assemble(&self.0))
                .step(|| "load the device program")
                .and_then(|program| {
                    sys::attach_device_program(dir, program.as_fd())
                        .step(|| "attach the device program to the cgroup")
                }),
            (None, None) => Err(Error::from_errno("restrict devices: no cgroup", Errno::EPERM)),
        };
        match restricted {
            // In a user namespace no device node can be made (mknod(2)), and the bound ones
            // are their owners'. The kernel refuses the rules there: they are not needed.
            Err(error) if is_refusal(&error) && !is_hosts_root() => Ok(()),
            Err(error) if is_refusal(&error) => {
                Err(error.with_hint("--privileged does without, and lets it open the host's disks"))
            }
            restricted => restricted,
        }
    }
}

fn write_v1(dir: &Path, rules: &[DeviceRule]) -> Result<()> {
    let write = |file: &str, text: &str| {
        let path = dir.join(file);
        let written = OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.step(|| format!("write {text:?} to {}", path.display()))
    };
    write("devices.deny", "a")?;
    rules.iter().try_for_each(|rule| write("devices.allow", &rule.to_string()))
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.errno(), Some(Errno::EPERM | Errno::EACCES))
}

/// Whether our power is that over the host's devices.
fn is_hosts_root() -> bool {
    geteuid().is_root() && process::has_hosts_ids() == Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_v1_reads_them() {
        assert_eq!(DEFAULT[1].to_string(), "b *:* m");
        assert_eq!(DEFAULT[2].to_string(), "c 1:3 rwm");
        assert_eq!(DEFAULT[10].to_string(), "c 136:* rwm");
    }
}
