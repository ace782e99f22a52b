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

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirEntry, File};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::fcntl::{OFlag, open, readlinkat};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use process::{Namespace, kernel_file};
use serde::Serialize;

use crate::sys;
use crate::view::proc::{Proc, Status, inode_of};
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
        for (pid, status) in inside(own, ours, places(&all)) {
            if let Some(&inner) = status.pids().get(depth.saturating_sub(1)) {
                both.push((pid, inner, status.name()));
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

/// Processes, and the PID namespaces that they are in.
type Places = HashMap<i32, u64>;

fn places(pids: &[i32]) -> Places {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(proc) = open("/proc", flags, Mode::empty()) else { return Places::new() };
    let place = |pid: &i32| {
        let link = readlinkat(&proc, format!("{pid}/{}", Namespace::Pid.file()).as_str()).ok()?;
        Some((*pid, inode_of(&link.to_string_lossy())?))
    };
    // One that has ended meanwhile is in none.
    pids.iter().filter_map(place).collect()
}

/// Those that are in the container's namespace or deeper.
///
/// Whoever makes a namespace is in the one around it, and the first process in there is its
/// child or, clone(2), its sibling. So only the children of those inside and of their parents
/// are asked where their namespace lies, and not all that run on this host.
fn inside(container: u64, host: u64, places: Places) -> Vec<(i32, Status)> {
    let (mut inside, mut asked) = (HashSet::from([container]), HashSet::new());
    let (mut found, mut rest) = (Vec::new(), places);
    rest.retain(|_, place| *place != host);
    loop {
        let new: Places = rest.extract_if(|_, place| inside.contains(place)).collect();
        if new.is_empty() {
            return found;
        }
        let new = new.into_keys().filter_map(|pid| {
            let process = Proc::open(Pid::from_raw(pid)).ok()?;
            Some((pid, process.status()))
        });
        let new: Vec<_> = new.collect();
        if !rest.is_empty() {
            let around = new.iter().flat_map(|(pid, status)| [Some(*pid), status.number("PPid")]);
            let around = around.flatten().filter(|pid| asked.insert(*pid));
            let near: Vec<_> = if Path::new("/proc/thread-self/children").exists() {
                around.flat_map(children).collect()
            } else {
                rest.keys().copied().collect() // a kernel without CONFIG_PROC_CHILDREN
            };
            for pid in near {
                if let Some(place) = rest.get(&pid)
                    && lies_in(pid, &inside)
                {
                    inside.insert(*place);
                }
            }
        }
        found.extend(new);
    }
}

/// A process's children: each of its threads has its own.
fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let of = |thread: DirEntry| kernel_file::read_text(thread.path().join("children")).ok();
    let lists: Vec<_> = threads.flatten().filter_map(of).collect();
    let words = lists.iter().flat_map(|list| list.split_whitespace());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Whether a process's PID namespace lies in one of these, from parent to parent. The kernel
/// refuses to go further up than our own.
fn lies_in(pid: i32, these: &HashSet<u64>) -> bool {
    let mut namespace = File::open(format!("/proc/{pid}/{}", Namespace::Pid.file())).ok();
    while let Some(parent) = namespace.and_then(|it| sys::parent_namespace(it.as_fd()).ok()) {
        let parent = File::from(parent);
        if parent.metadata().is_ok_and(|data| these.contains(&data.ino())) {
            return true;
        }
        namespace = Some(parent);
    }
    false
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
