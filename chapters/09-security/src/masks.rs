//! Masks: what of /proc and /sys a container shall not read, or not write.
//!
//! Not everything below /proc is about processes. Much of it is the one kernel that host
//! and container share, and there is no namespace for it: all memory (`kcore`), the
//! keys, a file that reboots the machine when somebody writes `b` into it. Where a file
//! cannot be made one's own, it can be covered by a mount:
//!
//! ```text
//!   masked      /proc/kcore          a file: /dev/null is bound over it
//!               /sys/firmware        a directory: an empty, read-only tmpfs
//!   read-only   /proc/sys            itself, bound over itself, read-only
//! ```
//!
//! The mounts are below the pivoted root and cannot be taken off without CAP_SYS_ADMIN,
//! which is among the capabilities that go. Nor can a second /proc be mounted then.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use mount_ns::{Root, Target, bind_from, make_all_read_only};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, fstat, makedev};
use process::{Error, Result, Step};

/// What shows too much: memory, keys, addresses of the kernel, the firmware's tables,
/// and counters fine enough to guess what others type or compute.
const MASKED: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// Below it, `cpu0`, `cpu1` and so on have a directory of the same kind each.
const PROCESSORS: &str = "/sys/devices/system/cpu";

// ANCHOR: read-only
/// What changes the host when it is written to.
const READ_ONLY: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
// ANCHOR_END: read-only

/// What is covered unless somebody says otherwise.
pub(crate) fn masked() -> Result<Vec<PathBuf>> {
    let mut masked: Vec<_> = MASKED.map(PathBuf::from).into();
    masked.extend(thermal_counters()?);
    Ok(masked)
}

/// What is read-only unless somebody says otherwise.
pub(crate) fn read_only() -> Vec<PathBuf> {
    READ_ONLY.map(PathBuf::from).into()
}

/// Covers paths of this kernel's /proc and /sys, as the container sees them.
pub(crate) fn mask(paths: &[PathBuf]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let null = open_null()?;
    let mut empty = None;
    for path in paths {
        match fs::symlink_metadata(path) {
            // Not every kernel has all of them.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            found => {
                if found.step(|| format!("look at {}", path.display()))?.is_dir() {
                    cover_directory(path, &mut empty)?
                } else {
                    cover_file(path, &null)?
                }
            }
        }
    }
    Ok(())
}

/// Makes paths read-only.
pub(crate) fn make_read_only(paths: &[PathBuf]) -> Result<()> {
    let root = Root::open(Path::new("/"))?;
    paths.iter().try_for_each(|path| protect(&root, path))
}

/// How often each processor became too hot, which tells of what others compute.
fn thermal_counters() -> Result<Vec<PathBuf>> {
    let step = || format!("read {PROCESSORS}");
    let entries = match fs::read_dir(PROCESSORS) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.step(step)?,
    };
    let paths = entries.map(|entry| Ok(entry.step(step)?.path().join("thermal_throttle")));
    paths.filter(|path: &Result<PathBuf>| path.as_ref().map_or(true, |it| it.exists())).collect()
}

/// `/dev/null`, if that is what it says: a volume may hold anything, also a link that
/// would make us bind a file of the container's choice over the mask's place.
fn open_null() -> Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let null = open("/dev/null", flags, Mode::empty()).step(|| "open /dev/null")?;
    let found = fstat(&null).step(|| "look at /dev/null")?;
    if found.st_rdev == makedev(1, 3) && found.st_mode & libc::S_IFMT == libc::S_IFCHR {
        Ok(null)
    } else {
        Err(Error::new("mask /proc/kcore: /dev/null is not the null device")
            .with_hint("a volume covers the container's /dev"))
    }
}

fn cover_file(path: &Path, null: &OwnedFd) -> Result<()> {
    bind(format!("/proc/self/fd/{}", null.as_raw_fd()).as_ref(), path)
        .step(|| format!("bind /dev/null over {}", path.display()))
}

/// One empty directory does for all of them: a machine may have hundreds of processors.
fn cover_directory(path: &Path, empty: &mut Option<PathBuf>) -> Result<()> {
    if let Some(empty) = empty {
        return bind(empty, path).step(|| format!("bind a tmpfs over {}", path.display()));
    }
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some("size=4k,nr_inodes=1"))
        .step(|| format!("mount an empty tmpfs over {}", path.display()))?;
    *empty = Some(path.to_owned());
    Ok(())
}

fn bind(source: &Path, path: &Path) -> nix::Result<()> {
    mount(Some(source), path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

// ANCHOR: protect
/// Binds a path over itself; the copy can be read-only while the rest of /proc is not.
fn protect(root: &Root, path: &Path) -> Result<()> {
    let copy = match bind_from(AT_FDCWD, path) {
        Err(error) if error.errno() == Some(Errno::ENOENT) => return Ok(()),
        copy => copy?,
    };
    make_all_read_only(copy.as_fd()).step(|| format!("make {} read-only", path.display()))?;
    let found = path.metadata().step(|| format!("look at {}", path.display()))?;
    let target = if found.is_dir() { Target::Directory } else { Target::File };
    root.place(copy.as_fd(), path, target)
}
// ANCHOR_END: protect
