//! IPC objects: message queues, semaphores, shared memory.
//!
//! System V objects have no path. `/proc/sysvipc` lists those of the *reader's* IPC
//! namespace, whichever /proc it is read in: that is why this file must be read by a
//! process standing in the container's. POSIX queues are files of a small file system
//! of their own, and can be counted wherever it is mounted.

use std::os::fd::AsFd;

use cgroups::size;
use nix::dir::Dir;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use nix::sys::statfs::{FsType, fstatfs};
use process::kernel_file;
use serde::{Deserialize, Serialize};

use crate::view::mountinfo::Mount;
use crate::view::words::{Words, plural};

/// `MQUEUE_MAGIC`, kernel source ipc/mqueue.c.
const MQUEUE: FsType = FsType(0x1980_0202);

/// IPC objects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ipc {
    /// System V message queues.
    pub message_queues: usize,
    /// System V semaphore sets.
    pub semaphore_sets: usize,
    /// System V shared memory segments.
    pub shared_segments: usize,
    /// Size of all these segments, in bytes.
    pub shared_bytes: u64,
    /// POSIX message queues; `null` where no mqueue file system is mounted.
    pub posix_queues: Option<usize>,
}

/// The objects in the IPC namespace we are in.
pub fn here() -> Option<Ipc> {
    let queues = kernel_file::read_text("/proc/sysvipc/msg").ok()?;
    let semaphores = kernel_file::read_text("/proc/sysvipc/sem").ok()?;
    let segments = kernel_file::read_text("/proc/sysvipc/shm").ok()?;
    let (header, segments) = segments.split_once('\n')?;
    let size_at = header.split_whitespace().position(|title| title == "size")?;
    let size = |line: &str| line.split_whitespace().nth(size_at)?.parse::<u64>().ok();
    Some(Ipc {
        message_queues: queues.lines().skip(1).count(),
        semaphore_sets: semaphores.lines().skip(1).count(),
        shared_segments: segments.lines().count(),
        shared_bytes: segments.lines().filter_map(size).sum(),
        posix_queues: None,
    })
}

/// The POSIX queues, if a file system shows them under `root`.
///
/// This walks through the container's files, so it takes care to change no access
/// time and to follow no link, and the caller has to expect that it never returns: a
/// container may have mounted a FUSE file system that does not answer.
pub fn posix_queues(root: impl AsFd, mounts: &[Mount]) -> Option<usize> {
    let mount = mounts.iter().find(|mount| mount.file_system == "mqueue")?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOATIME | OFlag::O_CLOEXEC;
    let resolve = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS;
    let how = OpenHow::new().flags(flags).resolve(resolve).mode(Mode::empty());
    let queues = openat2(root, mount.target.as_os_str(), how).ok()?;
    // Another file system may have been mounted over it meanwhile.
    if fstatfs(&queues).ok()?.filesystem_type() != MQUEUE {
        return None;
    }
    let names = Dir::from_fd(queues).ok()?;
    Some(
        names
            .into_iter()
            .flatten()
            .filter(|name| !name.file_name().to_bytes().starts_with(b"."))
            .count(),
    )
}

impl Words for Ipc {
    fn brief(&self) -> String {
        let there = self.full().into_iter().filter(|line| !line.starts_with("0 "));
        let there: Vec<_> = there.collect();
        if there.is_empty() { "none".to_owned() } else { there.join(", ") }
    }

    fn full(&self) -> Vec<String> {
        let mut lines = vec![
            plural(self.message_queues, "message queue", "message queues"),
            plural(self.semaphore_sets, "semaphore set", "semaphore sets"),
            plural(self.shared_segments, "shared memory segment", "shared memory segments"),
        ];
        if self.shared_segments > 0 {
            lines[2] += &format!(", {}", size(self.shared_bytes));
        }
        if let Some(queues) = self.posix_queues {
            lines.push(plural(queues, "POSIX queue", "POSIX queues"));
        }
        lines
    }
}
