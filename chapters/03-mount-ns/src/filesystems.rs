//! The file systems that the kernel itself fills: /proc, /sys and /dev.
//!
//! Programs expect them, and none of them can be the host's own: /proc shows the
//! PID namespace of whoever mounts it, /sys the network devices, and a /dev with
//! the host's disks in it would be an open door.
//!
//! Each shows some namespace, and it takes power over that one to mount it. Root of the
//! host has, over all. Root of a user namespace (chapter 8) has not over the host's network
//! and message queues, as long as the container shares them.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::symlinkat;
use process::{Error, MORE_POWER, Result, Step};

use crate::{Device, DeviceKind, Mount, Mounts, Root, flags_and_data, sys};

// ANCHOR: table
/// What every container has, in this order: target, type and options.
const FILESYSTEMS: [(&str, &str, &str); 6] = [
    // The processes of this PID namespace.
    ("/proc", "proc", "nosuid,nodev,noexec"),
    // Devices. Writable, it would let the container unbind the host's drivers.
    ("/sys", "sysfs", "nosuid,nodev,noexec,ro"),
    // Six harmless devices and a few links.
    ("/dev", "tmpfs", "nosuid,strictatime,mode=755,size=64k"),
    // A new instance: its terminals are numbered from 0 and the host's are not in it.
    // Group 5 is `tty`, to which write(1) belongs, in practically every /etc/group.
    ("/dev/pts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"),
    // POSIX shared memory, shm_overview(7).
    ("/dev/shm", "tmpfs", "nosuid,nodev,noexec,mode=1777,size=64m"),
    // POSIX message queues, mq_overview(7); its own since chapter 4.
    ("/dev/mqueue", "mqueue", "nosuid,nodev,noexec"),
];

/// Device nodes that give nothing of the host away: path, major, minor; null(4),
/// random(4), tty(4).
const DEVICES: [(&str, u32, u32); 6] = [
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
];
// ANCHOR_END: table

/// Names that programs expect in /dev, and where they lead.
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// The table as values.
pub(crate) fn filesystems() -> Vec<Mount> {
    let of = |(target, kind, options): (&str, _, _)| Mount::new(kind, target, options);
    FILESYSTEMS.into_iter().map(of).collect()
}

/// The devices as values.
pub(crate) fn devices() -> Vec<Device> {
    let of = |(path, major, minor): (&str, _, _)| Device {
        path: path.into(),
        kind: DeviceKind::Character,
        major,
        minor,
        mode: 0o666,
    };
    DEVICES.into_iter().map(of).collect()
}

/// Mounts /proc, /sys and /dev below the new root, as every container has them.
pub fn mount_filesystems(root: &Root) -> Result<()> {
    Mounts::default().mount_filesystems(root)
}

impl Mounts {
    /// Mounts /proc, /sys and /dev below the new root, if these are what it has.
    pub fn mount_filesystems(&self, root: &Root) -> Result<()> {
        self.filesystems.iter().try_for_each(|mount| root.apply(mount))?;
        self.devices.iter().try_for_each(|device| root.make_device(device))?;
        let dev = root.look_up("/dev".as_ref(), OFlag::O_PATH).step(|| "open /dev")?;
        LINKS.iter().try_for_each(|(name, target)| {
            symlinkat(*target, &dev, *name).step(|| format!("link /dev/{name} to {target}"))
        })
    }
}

/// What there is instead of a file system that the kernel refuses, mostly to the root of a
/// user namespace.
pub(crate) fn instead_of(mount: &Mount, error: Error, root: &Root) -> Result<()> {
    match (&*mount.kind, error.errno()) {
        // It may mount a /proc if it sees the whole of another already, so that no mount
        // which covers a part of that is evaded: mount_namespaces(7).
        ("proc", Some(Errno::EPERM)) => Err(error.with_hint(format!(
            "a part of this host's /proc is covered, as in a container: {MORE_POWER}"
        ))),
        // The network in it is the host's as well: then so is all of /sys.
        ("sysfs", Some(Errno::EPERM)) => root.apply(&Mount::bind("/sys", &mount.target, "rro")),
        // There need not be a group 5.
        ("devpts", Some(Errno::EINVAL)) if mount.options.iter().any(|word| word == "gid=5") => {
            let others = mount.options.iter().filter(|word| *word != "gid=5").cloned().collect();
            root.apply(&Mount { options: others, ..mount.clone() })
        }
        // The host's queues, which we may use by name but not list.
        ("mqueue", Some(Errno::EPERM)) => Ok(()),
        ("tmpfs", Some(Errno::EINVAL)) => {
            let (_, data) = flags_and_data(&mount.options);
            Err(error.with_hint(format!("one of `{data}` has a wrong value")))
        }
        _ => Err(error),
    }
}

/// A new tmpfs that is mounted nowhere: it lives as long as the descriptor, or as
/// the place it is put on by [`Root::place`].
pub fn detached_tmpfs() -> Result<OwnedFd> {
    sys::new_tmpfs(c"0755").step(|| "make a tmpfs")
}
