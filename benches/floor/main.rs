//! The least that a container costs: what chapter 07 asks of the kernel for
//! `--network none`, with as few system calls as possible, and nothing else.
//!
//! The record and its layer directories are made and removed, and so are the cgroups; the
//! child joins them, gets its namespaces, its overlay and its mounts, three files in /etc,
//! a new root, a loopback link, and becomes /bin/true. The time that `lab` takes beyond
//! that is what it adds: a command line, a look at the host, names that are checked, errors
//! that are explained, a report.
//!
//! Usage: `floor ROOTFS STATE cgroup HIERARCHY…` or, with cgroups v2,
//! `floor ROOTFS STATE cgroup2 HIERARCHY`, where each HIERARCHY is mounted.

#![expect(clippy::print_stderr, reason = "somebody sits in front of it")]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, makedev, mknod, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{chdir, execve, getpid, pivot_root, sethostname};

mod sys;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// No path, type or options.
const NONE: Option<&Path> = None;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(125)
        }
    }
}

fn run() -> Result<ExitCode> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [rootfs, state, kind, hierarchies @ ..] = args.as_slice() else {
        return Err("usage: floor ROOTFS STATE cgroup|cgroup2 HIERARCHY…".into());
    };
    umask(Mode::empty());
    let id = format!("floor-{}", getpid());
    let layers = Layers { rootfs, record: Path::new(state).join(&id) };
    layers.make()?;
    let groups: Vec<_> = hierarchies.iter().map(|at| Path::new(at).join(&id)).collect();
    groups.iter().try_for_each(|group| make_group(group))?;

    // With v2 the child is born in its cgroup; with v1 it joins, one after the other.
    let (born_in, joined) = match kind.as_str() {
        "cgroup2" => (Some(File::open(&groups[0])?), &groups[..0]),
        _ => (None, &groups[..]),
    };
    let namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET;
    let Some(child) = sys::clone3(namespaces, born_in.as_ref())? else {
        let error = become_true(&layers, joined, kind, hierarchies);
        return Err(error.err().unwrap_or_else(|| "execve has returned".into()));
    };
    let status = waitpid(child, None)?;
    groups.iter().try_for_each(|group| remove_group(group))?;
    layers.remove()?;
    match status {
        WaitStatus::Exited(_, 0) => Ok(ExitCode::SUCCESS),
        _ => Err(format!("{status:?}").into()),
    }
}

/// The record of the container, with the directories of its overlay.
struct Layers<'a> {
    rootfs: &'a str,
    record: PathBuf,
}

impl Layers<'_> {
    fn make(&self) -> Result<()> {
        for dir in ["", "overlay", "overlay/upper", "overlay/work"] {
            fs::create_dir(self.record.join(dir))?;
        }
        Ok(fs::write(self.record.join("container"), "a record\n")?)
    }

    fn mount(&self) -> Result<()> {
        let overlay = self.record.join("overlay");
        let at = overlay.display();
        let options =
            format!("lowerdir={},upperdir={at}/upper,workdir={at}/work,volatile", self.rootfs);
        mount(Some("overlay"), &overlay, Some("overlay"), MsFlags::empty(), Some(&*options))?;
        Ok(chdir(&overlay)?)
    }

    /// Nothing was written, so it is known what is there.
    fn remove(&self) -> Result<()> {
        fs::remove_file(self.record.join("overlay/work/work/incompat/volatile/dirty"))?;
        for dir in [
            "overlay/work/work/incompat/volatile",
            "overlay/work/work/incompat",
            "overlay/work/work",
            "overlay/work",
            "overlay/upper",
            "overlay",
        ] {
            fs::remove_dir(self.record.join(dir))?;
        }
        fs::remove_file(self.record.join("container"))?;
        Ok(fs::remove_dir(&self.record)?)
    }
}

/// Nobody can join a cpuset without processors and memory: cpuset(7).
fn make_group(group: &Path) -> Result<()> {
    fs::create_dir(group)?;
    let parent = group.parent().unwrap_or(group);
    if parent.ends_with("cpuset") {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            fs::write(group.join(file), fs::read(parent.join(file))?)?;
        }
    }
    Ok(())
}

/// A process that has ended may be in its cgroup for a moment yet.
fn remove_group(group: &Path) -> Result<()> {
    while let Err(error) = fs::remove_dir(group) {
        if error.raw_os_error() != Some(Errno::EBUSY as i32) {
            return Err(error.into());
        }
    }
    Ok(())
}

/// The child's part, in the order of chapter 07.
fn become_true(
    layers: &Layers<'_>,
    joined: &[PathBuf],
    kind: &str,
    hierarchies: &[String],
) -> Result<()> {
    for group in joined {
        // Not cgroup.procs, which waits for an RCU grace period.
        fs::write(group.join("tasks"), "0")?;
    }
    unshare(CloneFlags::CLONE_NEWCGROUP)?;
    sethostname("floor")?;
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    layers.mount()?;
    mount_system()?;
    make_devices()?;
    bind_etc()?;
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    mount_groups(kind, hierarchies)?;
    sys::set_up_loopback()?;
    execve(c"/bin/true", &[c"true"], &[c"PATH=/bin"])?;
    Ok(())
}

/// Mounts one file system below the new root.
fn mount_new(kind: &str, at: &str, flags: MsFlags, options: &str) -> Result<()> {
    Ok(mount(Some(kind), at, Some(kind), flags, Some(options))?)
}

const SAFE: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

fn mount_system() -> Result<()> {
    mount_new("proc", "proc", SAFE, "")?;
    mount_new("sysfs", "sys", SAFE | MsFlags::MS_RDONLY, "")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_STRICTATIME;
    mount_new("tmpfs", "dev", flags, "mode=755,size=64k")
}

fn make_devices() -> Result<()> {
    for (name, major, minor) in [
        ("null", 1, 3),
        ("zero", 1, 5),
        ("full", 1, 7),
        ("random", 1, 8),
        ("urandom", 1, 9),
        ("tty", 5, 0),
    ] {
        let mode = Mode::from_bits_truncate(0o666);
        mknod(&*format!("dev/{name}"), SFlag::S_IFCHR, mode, makedev(major, minor))?;
    }
    symlink("/proc/self/fd", "dev/fd")?;
    symlink("/proc/self/fd/0", "dev/stdin")?;
    symlink("/proc/self/fd/1", "dev/stdout")?;
    symlink("/proc/self/fd/2", "dev/stderr")?;
    symlink("pts/ptmx", "dev/ptmx")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    for (kind, at, flags, options) in [
        ("devpts", "dev/pts", flags, "newinstance,ptmxmode=0666,mode=0620,gid=5"),
        ("tmpfs", "dev/shm", SAFE, "mode=1777,size=64m"),
        ("mqueue", "dev/mqueue", SAFE, ""),
    ] {
        fs::create_dir(at)?;
        mount_new(kind, at, flags, options)?;
    }
    Ok(())
}

/// Files in memory, which have no name once they are bound.
fn bind_etc() -> Result<()> {
    for name in ["hostname", "hosts", "resolv.conf"] {
        let file = format!("dev/.{name}");
        fs::write(&file, "floor\n")?;
        mount(Some(&*file), &*format!("etc/{name}"), NONE, MsFlags::MS_BIND, NONE)?;
        fs::remove_file(&file)?;
    }
    Ok(())
}

fn mount_groups(kind: &str, hierarchies: &[String]) -> Result<()> {
    let flags = SAFE | MsFlags::MS_RDONLY;
    if kind == "cgroup2" {
        return mount_new("cgroup2", "/sys/fs/cgroup", flags, "");
    }
    mount_new("tmpfs", "/sys/fs/cgroup", SAFE, "mode=755,size=64k")?;
    for at in hierarchies {
        let controllers = Path::new(at).file_name().and_then(|name| name.to_str());
        fs::create_dir(at)?;
        mount_new("cgroup", at, flags, controllers.unwrap_or_default())?;
    }
    let flags = flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    Ok(mount(NONE, "/sys/fs/cgroup", NONE, flags, NONE)?)
}
