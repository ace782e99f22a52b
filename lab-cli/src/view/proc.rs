//! `/proc/PID`: the kernel's files about one process.
//!
//! The directory is opened once and everything is read through that descriptor. A
//! process id can be given to somebody else a moment later; the open directory means
//! this process for ever, and reading in it fails once the process is gone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, readlinkat};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, geteuid};
use process::{Error, Namespace, kernel_file};

use super::text::Text;

/// Inode numbers, which are the namespaces' names.
pub type Namespaces = BTreeMap<Namespace, u64>;

/// One process's directory.
#[derive(Debug)]
pub struct Proc {
    /// Its number on the host.
    pub pid: Pid,
    dir: OwnedFd,
}

impl Proc {
    /// Opens the directory of a process.
    ///
    /// # Errors
    /// If there is no such process.
    pub fn open(pid: Pid) -> Result<Self> {
        let path = format!("/proc/{pid}");
        match open(
            path.as_str(),
            OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        ) {
            Ok(dir) => Ok(Self { pid, dir }),
            Err(Errno::ENOENT) => Err(not_there(pid).into()),
            Err(errno) => Err(Error::from_errno(format!("open {path}"), errno).into()),
        }
    }

    /// The directory itself.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// Opens one of its files, which the kernel may refuse to those it does not trust.
    pub fn file(&self, name: &str, flags: OFlag) -> nix::Result<OwnedFd> {
        openat(&self.dir, name, flags | OFlag::O_CLOEXEC, Mode::empty())
    }

    /// Reads one of its files, in which there may be names of any bytes.
    pub fn read_bytes(&self, name: &str) -> io::Result<Vec<u8>> {
        kernel_file::read_open(File::from(self.file(name, OFlag::O_RDONLY)?))
    }

    /// The same to be shown. Bytes in it that are not UTF-8 are not the kernel's own text.
    pub fn read(&self, name: &str) -> io::Result<String> {
        self.read_bytes(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where one of its links points to.
    pub fn link_target(&self, name: &str) -> Option<PathBuf> {
        readlinkat(&self.dir, name).ok().map(PathBuf::from)
    }

    /// The same to be shown.
    pub fn link(&self, name: &str) -> Option<String> {
        Some(self.link_target(name)?.to_string_lossy().into_owned())
    }

    /// The fields of its `status` file.
    pub fn status(&self) -> Status {
        Status(self.read("status").unwrap_or_default())
    }

    /// The inode number of one of its namespaces, if it can be seen.
    pub fn namespace(&self, kind: Namespace) -> Option<u64> {
        self.inode(kind).ok()
    }

    fn inode(&self, kind: Namespace) -> nix::Result<u64> {
        let link = readlinkat(&self.dir, kind.file())?;
        inode_of(&link.to_string_lossy()).ok_or(Errno::EINVAL)
    }

    /// The inode numbers of its namespaces.
    ///
    /// # Errors
    /// If it has ended, or we may not look.
    pub fn namespaces(&self) -> Result<Namespaces> {
        let mut inodes = Namespaces::new();
        for kind in Namespace::ALL {
            match self.inode(kind) {
                Ok(inode) => drop(inodes.insert(kind, inode)),
                // ptrace(2) calls this right PTRACE_MODE_READ.
                Err(Errno::EACCES | Errno::EPERM) => return Err(not_allowed(self.pid).into()),
                Err(_) => {} // this kernel lacks that kind, or the process is ending
            }
        }
        // A zombie has given its namespaces back already.
        if inodes.contains_key(&Namespace::Mnt) {
            Ok(inodes)
        } else {
            Err(Error::new(format!("process {} has ended", self.pid))
                .with_hint("what is left is its exit status, until its parent asks for it")
                .into())
        }
    }
}

/// The inode number in `mnt:[4026531841]`.
pub fn inode_of(link: &str) -> Option<u64> {
    link.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

fn not_there(pid: Pid) -> Error {
    Error::new(format!("there is no process {pid}"))
        .with_hint("it may have ended; `lab view` without a number lists the running containers")
}

fn not_allowed(pid: Pid) -> Error {
    let error = Error::from_errno(format!("look into process {pid}"), Errno::EACCES);
    if geteuid().is_root() {
        error.with_hint("it is protected even from us, who are root: it may do what we may not")
    } else {
        error.with_hint("it belongs to another user: run lab as root")
    }
}

/// The text of a `status` file: one `Name: value` a line.
#[derive(Debug)]
pub struct Status(pub String);

impl Status {
    /// One field's value; `None` if the kernel has no such field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    /// The numbers in a field, such as the four of `Uid`.
    pub fn numbers<N: FromStr>(&self, name: &str) -> Vec<N> {
        let words = self.field(name).unwrap_or("").split_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    }

    /// The process's numbers, from ours to its own: one for each PID namespace it is in.
    pub fn pids(&self) -> Vec<i32> {
        self.numbers("NSpid")
    }

    /// The first of a field's numbers.
    pub fn number<N: FromStr>(&self, name: &str) -> Option<N> {
        self.field(name)?.split_whitespace().next()?.parse().ok()
    }

    /// The process's name, in which the kernel has escaped line feeds.
    pub fn name(&self) -> Text {
        Text::from(self.field("Name").unwrap_or("?"))
    }
}
