//! The file systems that the kernel itself fills: /proc, /sys and /dev.
//!
//! Programs expect them, and none of them can be the host's own: /proc shows the
//! PID namespace of whoever mounts it, /sys the network devices, and a /dev with
//! the host's disks in it would be an open door.
//!
//! | path          | type   | what for                                            |
//! |---------------|--------|-----------------------------------------------------|
//! | `/proc`       | proc   | the processes of this PID namespace                 |
//! | `/sys`        | sysfs  | devices, read-only                                  |
//! | `/dev`        | tmpfs  | six harmless devices and a few links                |
//! | `/dev/pts`    | devpts | pseudo-terminals of its own                         |
//! | `/dev/shm`    | tmpfs  | POSIX shared memory, shm_overview(7)                |
//! | `/dev/mqueue` | mqueue | POSIX message queues; its own since chapter 4       |
//!
//! Each shows some namespace, and it takes power over that one to mount it. Root of the
//! host has, over all. Root of a user namespace (chapter 8) has not over the host's network
//! and message queues, as long as the container shares them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::mount::MsFlags;
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmodat, makedev, mkdirat, mknodat};
use nix::unistd::symlinkat;
use process::{Error, MORE_POWER, Result, Step};

use crate::{Root, Target, bind_from, sys};

/// Device nodes that give nothing of the host away: name, major, minor; null(4),
/// random(4), tty(4).
const DEVICES: [(&str, u64, u64); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

/// Names that programs expect in /dev, and where they lead.
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Mounts /proc, /sys and /dev below the new root.
pub fn mount_filesystems(root: &Root) -> Result<()> {
    // ANCHOR: proc_and_sys
    let harmless = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    root.mount("proc", "/proc", harmless, "").map_err(explain)?;
    // Writable, it would let the container unbind the host's drivers.
    match root.mount("sysfs", "/sys", harmless | MsFlags::MS_RDONLY, "") {
        Err(error) if error.errno() == Some(Errno::EPERM) => show_hosts_sys(root)?,
        mounted => mounted?,
    }
    // ANCHOR_END: proc_and_sys

    root.mount("tmpfs", "/dev", MsFlags::MS_NOSUID | MsFlags::MS_STRICTATIME, "mode=755,size=64k")?;
    let dev = root.look_up("/dev".as_ref(), OFlag::O_PATH).step(|| "open /dev")?;
    for (name, major, minor) in DEVICES {
        make_device(root, dev.as_fd(), name, makedev(major, minor))?;
    }
    for (name, target) in LINKS {
        symlinkat(target, &dev, name).step(|| format!("link /dev/{name} to {target}"))?;
    }
    for name in ["pts", "shm", "mqueue"] {
        mkdirat(&dev, name, Mode::from_bits_truncate(0o755))
            .step(|| format!("create /dev/{name}"))?;
    }
    // A new instance: its terminals are numbered from 0 and the host's are not in it.
    // Group 5 is `tty`, to which write(1) belongs, in practically every /etc/group.
    let pts = "newinstance,ptmxmode=0666,mode=0620";
    let hidden = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    match root.mount("devpts", "/dev/pts", hidden, &format!("{pts},gid=5")) {
        // There need not be a group 5 in a user namespace.
        Err(error) if error.errno() == Some(Errno::EINVAL) => {
            root.mount("devpts", "/dev/pts", hidden, pts)?;
        }
        mounted => mounted?,
    }
    root.mount("tmpfs", "/dev/shm", harmless, "mode=1777,size=64m")?;
    match root.mount("mqueue", "/dev/mqueue", harmless, "") {
        // The host's queues, which we may use by name but not list.
        Err(error) if error.errno() == Some(Errno::EPERM) => Ok(()),
        mounted => mounted,
    }
}

/// In a user namespace one may mount a /proc if one sees the whole of another already, so
/// that no mount which covers a part of that is evaded: mount_namespaces(7).
fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EPERM) => error.with_hint(format!(
            "a part of this host's /proc is covered, as in a container: {MORE_POWER}"
        )),
        _ => error,
    }
}

/// Shows the host's own /sys, when the network in it is the host's as well.
fn show_hosts_sys(root: &Root) -> Result<()> {
    let tree = bind_from(AT_FDCWD, Path::new("/sys"))?;
    sys::make_all_read_only(tree.as_fd()).step(|| "make /sys read-only")?;
    root.place(tree.as_fd(), Path::new("/sys"), Target::Directory)
}

/// Makes one device node, or binds the host's where nodes cannot be made.
fn make_device(root: &Root, dev: BorrowedFd<'_>, name: &str, number: libc::dev_t) -> Result<()> {
    let step = || format!("create /dev/{name}");
    let mode = Mode::from_bits_truncate(0o666);
    match mknodat(dev, name, SFlag::S_IFCHR, mode, number) {
        // mknod(2) is for the host's root only: user_namespaces(7).
        Err(Errno::EPERM) => {
            let path = Path::new("/dev").join(name);
            let node = bind_from(AT_FDCWD, &path)?;
            root.place(node.as_fd(), &path, Target::File)
        }
        made => {
            made.step(step)?;
            // The caller's umask took bits away, and changing that would be a trace.
            fchmodat(dev, name, mode, FchmodatFlags::FollowSymlink).step(step)
        }
    }
}

/// A new tmpfs that is mounted nowhere: it lives as long as the descriptor, or as
/// the place it is put on by [`Root::place`].
pub fn detached_tmpfs() -> Result<OwnedFd> {
    sys::new_tmpfs(c"0755").step(|| "make a tmpfs")
}
