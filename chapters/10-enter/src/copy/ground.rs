//! Where a name is looked up: on the host, or in a container.
//!
//! A container's links are followed as the container sees them: its `/var/run -> /run` leads to
//! *its* /run, and if that changes while we are on the way, to nothing of the host's either. The
//! kernel sees to that, chapter 3's `root.rs`. No name of the container is ever put behind
//! `/proc/4711/root` and opened in one piece.

use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use mount_ns::Root;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag};
use nix::sys::statfs::{self, FsType, fstatfs};

/// As many links as the kernel follows; path_resolution(7).
const LINKS: usize = 40;

/// File systems that have no files, only a way to ask the kernel. To read them is not to copy:
/// what is in them has no length, some of it has no end, and some waits.
const KERNELS_OWN: [FsType; 11] = [
    statfs::PROC_SUPER_MAGIC,
    statfs::SYSFS_MAGIC,
    statfs::CGROUP_SUPER_MAGIC,
    statfs::CGROUP2_SUPER_MAGIC,
    statfs::DEVPTS_SUPER_MAGIC,
    statfs::DEBUGFS_MAGIC,
    statfs::TRACEFS_MAGIC,
    statfs::SECURITYFS_MAGIC,
    statfs::SELINUX_MAGIC,
    statfs::BPF_FS_MAGIC,
    statfs::NSFS_MAGIC,
];

/// Whose names are meant.
#[derive(Clone, Copy, Debug)]
pub enum Ground<'a> {
    /// The host's, as its user would type them.
    Host,
    /// A container's, from its root on.
    Container(&'a Root),
}

impl Ground<'_> {
    /// Opens what is at a path.
    pub fn open(&self, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
        match self {
            Self::Host => open(path, flags | OFlag::O_CLOEXEC, Mode::empty()),
            Self::Container(root) => root.look_up(path, flags),
        }
    }

    /// The directory in which a path ends, and the name there, which need not exist and is no
    /// link: where one leads is where the path ends.
    pub fn last(&self, path: &Path) -> nix::Result<(OwnedFd, OsString)> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let parent = path.parent().unwrap_or(Path::new("/"));
            let name = path.file_name().ok_or(Errno::ENOENT)?.to_owned();
            let dir = self.open(parent, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
            match readlinkat(&dir, name.as_os_str()) {
                Ok(target) => path = parent.join(PathBuf::from(target)),
                // It is there, and no link; or it is not there.
                Err(Errno::EINVAL | Errno::ENOENT) => return Ok((dir, name)),
                Err(errno) => return Err(errno),
            }
        }
        Err(Errno::ELOOP)
    }
}

/// What it is: the part of the mode that tells.
pub fn kind_of(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

/// Whether it is on a file system that has no files.
pub fn is_kernels_own(place: &OwnedFd) -> nix::Result<bool> {
    Ok(KERNELS_OWN.contains(&fstatfs(place)?.filesystem_type()))
}

/// Opens once more, with these rights, what is known by an O_PATH descriptor: the same file,
/// whatever its name means by now.
pub fn open_again(place: &OwnedFd, flags: OFlag) -> nix::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", place.as_raw_fd());
    open(path.as_str(), flags | OFlag::O_CLOEXEC | OFlag::O_NOCTTY, Mode::empty())
}
