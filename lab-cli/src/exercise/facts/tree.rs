//! The processes in a sandbox, and how one is found among them.

use std::fs;

use nix::unistd::Pid;

use crate::exercise::sandbox::Sandbox;
use crate::view::proc::Proc;

/// All processes of a sandbox but its PID 1, the parents before their children.
pub fn of(sandbox: &Sandbox) -> Vec<Proc> {
    below(sandbox.pid())
}

/// The children of a process, and theirs.
fn below(top: Pid) -> Vec<Proc> {
    let mut found = Vec::new();
    let mut open = children_of(top);
    while let Some(pid) = open.pop() {
        open.extend(children_of(pid));
        found.extend(Proc::open(pid).ok());
    }
    found
}

/// The process below another one with such words on its command line. Of several the oldest
/// is meant: what a shell forks has its words, too, until it executes something else.
pub fn oldest(top: Pid, are_wanted: impl Fn(&[String]) -> bool) -> Option<Pid> {
    let all = below(top).into_iter();
    let found = all.filter(|process| are_wanted(&words(process)) && !is_zombie(process));
    // A clock tick is long. Within one, the numbers tell: they are given out upwards.
    let age = |process: &Proc| (started(process), pid_beside(top, process.pid));
    found.min_by_key(age).map(|process| process.pid)
}

/// When it was forked, in clock ticks since boot: field 22 of proc_pid_stat(5).
fn started(process: &Proc) -> u64 {
    let stat = process.read("stat").unwrap_or_default();
    // The second field is its name, in which there may be anything.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace());
    fields.and_then(|mut fields| fields.nth(22 - 3)?.parse().ok()).unwrap_or(u64::MAX)
}

/// The words of its command line.
pub fn words(process: &Proc) -> Vec<String> {
    let text = process.read("cmdline").unwrap_or_default();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// PID 1 of the namespace that a process is in.
pub fn init_of(sandbox: &Sandbox, of: Pid) -> Option<Pid> {
    let namespace = Proc::open(of).ok()?.link("ns/pid")?;
    let is_it = |process: &Proc| {
        inner(process) == "1" && process.link("ns/pid").as_deref() == Some(&namespace)
    };
    self::of(sandbox).into_iter().find(is_it).map(|process| process.pid)
}

/// The number of a process as the sandbox has it.
pub fn pid_in(sandbox: &Sandbox, of: Pid) -> Option<i32> {
    pid_beside(sandbox.pid(), of)
}

/// The number of a process in the PID namespace of another one.
fn pid_beside(other: Pid, of: Pid) -> Option<i32> {
    let level = |process: &Proc| process.status().pids().len();
    let host = Proc::open(other).ok()?;
    let numbers = Proc::open(of).ok()?.status().pids();
    numbers.get(level(&host) - 1).copied()
}

/// Whether it has ended, and waits for its parent to hear of it.
pub fn is_zombie(process: &Proc) -> bool {
    process.status().field("State").is_none_or(|state| state.starts_with(['Z', 'X']))
}

pub fn children_of(pid: Pid) -> Vec<Pid> {
    let mut children = Vec::new();
    // A process's children are listed by the thread that has made them.
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for thread in threads {
        let text = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children
            .extend(text.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw));
    }
    children
}

pub fn inner(process: &Proc) -> String {
    process.status().pids().last().map(i32::to_string).unwrap_or_default()
}
