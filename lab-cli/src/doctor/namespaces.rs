//! The eight namespace types, each of them made: namespaces(7).
//!
//! A child unshares one and looks at the inode of its own link in /proc/self/ns, which
//! must have changed. An ordinary user makes a user namespace first, in which it has
//! the right to make the others.

use std::fs;

use nix::errno::Errno;
use nix::unistd::{ForkResult, getpid};
use process::child::wait_for;
use process::{Error, ExitStatus, Namespace, Result, Step};

use super::check::{Check, from};
use super::host::{Host, number};
use super::restrictions;
use super::trial::{Refusal, attempt, enter_user_namespace, isolate};

/// Each type, and the first chapter that makes one.
const KINDS: [(Namespace, usize); 8] = [
    (Namespace::Pid, 2),
    (Namespace::Mnt, 3),
    (Namespace::Uts, 4),
    (Namespace::Ipc, 4),
    (Namespace::Net, 5),
    (Namespace::Cgroup, 6),
    (Namespace::User, 8),
    (Namespace::Time, 8),
];

/// Tries all of them.
pub fn checks(host: &Host) -> Vec<Check> {
    KINDS.iter().map(|&(kind, chapter)| check(host, kind, chapter)).collect()
}

fn check(host: &Host, kind: Namespace, chapter: usize) -> Check {
    let is_user = kind == Namespace::User;
    // Without root, every namespace begins with this one.
    let first = if is_user && !host.is_root { 1 } else { chapter };
    let check = match attempt(|| make(kind)) {
        Ok(seen) => Check::works(kind.name(), seen),
        Err(refusal) => {
            Check::missing(kind.name(), explain(kind, &refusal)).fix(fix(host, kind, &refusal))
        }
    };
    check.chapters(from(first)).required()
}

/// In the child: makes the namespace, and makes sure that it is another one.
fn make(kind: Namespace) -> Result<String> {
    let inode = || {
        let link = format!("/proc/self/{}", kind.file_for_children());
        // As long as a PID namespace has no first process, its link cannot be read.
        match fs::read_link(&link) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            inode => inode.map(Some).step(|| format!("read {link}")),
        }
    };
    let before = inode()?;
    match kind {
        Namespace::User => enter_user_namespace()?,
        kind => isolate(kind.flag())?,
    }
    match kind {
        Namespace::Pid => be_first(),
        _ if inode()? == before => Err(Error::new("the kernel made none, and did not say so")),
        Namespace::User => Ok("made, and this user mapped to its root".to_owned()),
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

fn explain(kind: Namespace, refusal: &Refusal) -> String {
    let text = &refusal.text;
    match refusal.errno() {
        Some(Errno::ENOSPC) => {
            let setting = format!("max_{}_namespaces", kind.name());
            let now = number(format!("/proc/sys/user/{setting}"));
            let now = now.map(|now| format!(": user.{setting} is {now}"));
            format!("{text}{}", now.unwrap_or_default())
        }
        Some(Errno::EINVAL) => format!("{text}: this kernel was built without"),
        _ => text.clone(),
    }
}

fn fix(host: &Host, kind: Namespace, refusal: &Refusal) -> String {
    match refusal.errno() {
        Some(Errno::ENOSPC) => restrictions::raise(host, kind.name()),
        _ => restrictions::fix_of(host, refusal),
    }
}
