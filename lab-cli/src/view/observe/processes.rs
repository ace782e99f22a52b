//! Processes, and the numbers they have on either side.
//!
//! A process in a nested PID namespace has a number in each namespace above it, and
//! `NSpid:` in its status file lists them from the reader's inwards: `4242 1`. So the
//! container's own numbers are read from the host's `/proc`. Nobody enters the PID
//! namespace for it: a process of ours in there would use up a number, and the
//! container could see it.
//!
//! A container may make PID namespaces of its own. Whether one of them lies inside
//! the container's, the kernel tells by its parents; ioctl_nsfs(2).

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use nix::unistd::Pid;
use process::Namespace;
use serde::Serialize;

use crate::sys;
use crate::view::proc::{Proc, inode_of};
use crate::view::row::{Mark, Row};
use crate::view::side::Side;
use crate::view::text::Text;
use crate::view::words::{Words, plural, shorten};

/// Processes, with their numbers on this side.
#[derive(Clone, Debug, Serialize)]
pub struct Processes {
    /// How many can be seen from this side.
    pub count: usize,
    /// The number of the process that was looked at.
    pub pid: i32,
    /// The container's processes, by number. Of a container that shares the host's PID
    /// namespace, only the one that was looked at.
    pub list: Vec<Process>,
}

/// One process.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    /// Its number on this side.
    pub pid: i32,
    /// Its name.
    pub name: Text,
}

/// Counts the host's processes, and finds the container's among them.
pub fn observe(host: &Side, container: &Side) -> Row<Processes> {
    let mark = host.compare(container, Namespace::Pid);
    let (target, status) = (&container.process, &container.status);
    let all = pids();
    // How many PID namespaces lie between us and the container, itself included.
    let depth = status.pids().len();
    let mut both = Vec::new();
    if let (Some(Mark::Own), Some(&own), Some(&ours)) =
        (mark, container.namespaces.get(&Namespace::Pid), host.namespaces.get(&Namespace::Pid))
    {
        let mut inside = Descent::new(ours, own);
        for &pid in &all {
            // One that ends meanwhile is not there any more.
            if inside.holds(pid)
                && let Ok(process) = Proc::open(Pid::from_raw(pid))
            {
                let status = process.status();
                if let Some(&inner) = status.pids().get(depth.saturating_sub(1)) {
                    both.push((pid, inner, status.name()));
                }
            }
        }
        both.sort_by_key(|(_, inner, _)| *inner);
    } else {
        both.push((target.pid.as_raw(), target.pid.as_raw(), status.name()));
    }
    let count = if mark == Some(Mark::Own) { both.len() } else { all.len() };
    let inner_pid = status.pids().last().copied();
    let list = |pick: fn(&(i32, i32, Text)) -> i32| {
        both.iter().map(|one| Process { pid: pick(one), name: one.2.clone() }).collect()
    };
    Row {
        mark,
        host: Some(Processes {
            count: all.len(),
            pid: target.pid.as_raw(),
            list: list(|one| one.0),
        }),
        container: inner_pid.map(|pid| Processes { count, pid, list: list(|one| one.1) }),
    }
}

/// The numbers of all processes that /proc shows.
fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// Which PID namespaces lie inside the container's.
struct Descent {
    known: HashMap<u64, bool>,
}

impl Descent {
    fn new(host: u64, container: u64) -> Self {
        Self { known: HashMap::from([(host, false), (container, true)]) }
    }

    /// Whether that process is in the container or deeper.
    fn holds(&mut self, pid: i32) -> bool {
        let path = format!("/proc/{pid}/ns/pid");
        let inode = fs::read_link(&path).ok().and_then(|link| inode_of(&link.to_string_lossy()));
        let Some(inode) = inode else { return false };
        if let Some(&known) = self.known.get(&inode) {
            return known;
        }
        let is_inside = File::open(path).is_ok_and(|namespace| self.climb(namespace));
        self.known.insert(inode, is_inside);
        is_inside
    }

    /// Goes from parent to parent until one is known. The kernel refuses to go
    /// further up than our own namespace.
    fn climb(&self, namespace: File) -> bool {
        let mut namespace = namespace;
        while let Ok(parent) = sys::parent_namespace(namespace.as_fd()) {
            namespace = File::from(parent);
            let inode = namespace.metadata().map(|data| data.ino()).unwrap_or_default();
            if let Some(&known) = self.known.get(&inode) {
                return known;
            }
        }
        false
    }
}

impl Words for Processes {
    fn brief(&self) -> String {
        format!("{}, this one is {}", self.count, self.pid)
    }

    fn full(&self) -> Vec<String> {
        let mut lines = vec![plural(self.count, "process", "processes")];
        lines.extend(shorten(self.names()).into_iter().map(|line| format!("  {line}")));
        lines
    }
}

impl Processes {
    /// `1 sh`, `2 sleep` …
    pub fn names(&self) -> Vec<String> {
        self.list.iter().map(|process| format!("{} {}", process.pid, process.name)).collect()
    }
}
