//! The eight namespace types, each of them made: namespaces(7).
//!
//! A child unshares one and looks at the inode of its own link in /proc/self/ns, which
//! must have changed. An ordinary user makes a user namespace first, in which it has
//! the right to make the others.

use std::fs;

use nix::errno::Errno;
use nix::unistd::{ForkResult, getpid};
use process::child::wait_for;
use process::{CloneFlags, Error, ExitStatus, Result, Step};

use super::check::{Check, from};
use super::host::{Host, number};
use super::restrictions;
use super::trial::{Refusal, attempt, enter_user_namespace, isolate};

/// linux/sched.h; `nix` has no name for it.
const CLONE_NEWTIME: CloneFlags = CloneFlags::from_bits_retain(0x80);

/// One type of namespace.
struct Kind {
    /// As the kernel names it in /proc and in its limits.
    name: &'static str,
    flag: CloneFlags,
    /// The link that tells in which one we are, or our next child will be.
    link: &'static str,
    /// The first chapter that makes one.
    chapter: usize,
}

const fn kind(name: &'static str, flag: CloneFlags, link: &'static str, chapter: usize) -> Kind {
    Kind { name, flag, link, chapter }
}

const KINDS: [Kind; 8] = [
    kind("pid", CloneFlags::CLONE_NEWPID, "pid_for_children", 2),
    kind("mnt", CloneFlags::CLONE_NEWNS, "mnt", 3),
    kind("uts", CloneFlags::CLONE_NEWUTS, "uts", 4),
    kind("ipc", CloneFlags::CLONE_NEWIPC, "ipc", 4),
    kind("net", CloneFlags::CLONE_NEWNET, "net", 5),
    kind("cgroup", CloneFlags::CLONE_NEWCGROUP, "cgroup", 6),
    kind("user", CloneFlags::CLONE_NEWUSER, "user", 8),
    kind("time", CLONE_NEWTIME, "time_for_children", 8),
];

/// Tries all of them.
pub fn checks(host: &Host) -> Vec<Check> {
    KINDS.iter().map(|kind| check(host, kind)).collect()
}

fn check(host: &Host, kind: &Kind) -> Check {
    let is_user = kind.flag == CloneFlags::CLONE_NEWUSER;
    // Without root, every namespace begins with this one.
    let first = if is_user && !host.is_root { 1 } else { kind.chapter };
    let check = match attempt(|| make(kind)) {
        Ok(seen) => Check::works(kind.name, seen),
        Err(refusal) => {
            Check::missing(kind.name, explain(kind, &refusal)).fix(fix(host, kind, &refusal))
        }
    };
    check.chapters(from(first)).required()
}

/// In the child: makes the namespace, and makes sure that it is another one.
fn make(kind: &Kind) -> Result<String> {
    let inode = || {
        let link = format!("/proc/self/ns/{}", kind.link);
        // As long as a PID namespace has no first process, its link cannot be read.
        match fs::read_link(&link) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            inode => inode.map(Some).step(|| format!("read {link}")),
        }
    };
    let before = inode()?;
    match kind.flag {
        CloneFlags::CLONE_NEWUSER => enter_user_namespace()?,
        flag => isolate(flag)?,
    }
    match kind.flag {
        CloneFlags::CLONE_NEWPID => be_first(),
        _ if inode()? == before => Err(Error::new("the kernel made none, and did not say so")),
        CloneFlags::CLONE_NEWUSER => Ok("made, and this user mapped to its root".to_owned()),
        _ => Ok("made".to_owned()),
    }
}

/// The namespace is for children: the first one is number one in it.
fn be_first() -> Result<String> {
    match process::fork("fork its first process")? {
        ForkResult::Child => process::exit_now(getpid().as_raw()),
        ForkResult::Parent { child } => match wait_for(child).step(|| "wait for it")? {
            ExitStatus::Exited(1) => Ok("made, and a first process in it".to_owned()),
            _ => Err(Error::new("its first process is not number 1")),
        },
    }
}

fn explain(kind: &Kind, refusal: &Refusal) -> String {
    let text = &refusal.text;
    match refusal.errno() {
        Some(Errno::ENOSPC) => {
            let setting = format!("max_{}_namespaces", kind.name);
            let now = number(format!("/proc/sys/user/{setting}"));
            let now = now.map(|now| format!(": user.{setting} is {now}"));
            format!("{text}{}", now.unwrap_or_default())
        }
        Some(Errno::EINVAL) => format!("{text}: this kernel was built without"),
        _ => text.clone(),
    }
}

fn fix(host: &Host, kind: &Kind, refusal: &Refusal) -> String {
    match refusal.errno() {
        Some(Errno::ENOSPC) => restrictions::raise(host, kind.name),
        _ => restrictions::fix_of(host, refusal),
    }
}
