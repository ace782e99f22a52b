//! Processes: who there is, which numbers they have, and in which state they are.

use std::fs;

use nix::unistd::Pid;

use super::{Look, Scene, Seen, Subject};
use crate::exercise::sandbox::Sandbox;
use crate::view::proc::Proc;

pub const LOOKS: &[Look] = &[
    // its number in its own PID namespace
    Look {
        name: "pid",
        run: |_, subject, _| Seen::text(subject.path("status, NSpid"), inner(&subject.proc)),
    },
    // how many PID namespaces deeper than the host it is
    Look { name: "pid depth", run: depth },
    // yes or no: whether it lives; a zombie does not
    Look { name: "alive", run: alive },
    // R, S, D, T, Z
    Look { name: "state", run: |_, subject, _| first_word(subject.status("State")) },
    // its name, as `ps` shows it
    Look { name: "name", run: |_, subject, _| subject.status("Name") },
    // its command line
    Look { name: "command", run: command },
    // the file that it executes
    Look { name: "program", run: program },
    // the name of its parent
    Look { name: "parent", run: parent },
    // the names of its children
    Look { name: "children", run: children_names },
    // the names of all processes in its PID namespace, zombies too
    Look { name: "processes", run: |scene, subject, _| names(scene, subject, |_| true) },
    // the names of those of them that nobody has waited for
    Look { name: "zombies", run: |scene, subject, _| names(scene, subject, is_zombie) },
    // the signals it has blocked, ignored, caught: HUP INT …
    Look { name: "signals blocked", run: |_, subject, _| signals(subject, "SigBlk") },
    Look { name: "signals ignored", run: |_, subject, _| signals(subject, "SigIgn") },
    Look { name: "signals caught", run: |_, subject, _| signals(subject, "SigCgt") },
    // how many threads it has
    Look { name: "threads", run: |_, subject, _| subject.status("Threads") },
];

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
fn words(process: &Proc) -> Vec<String> {
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
pub fn pid_in(sandbox: &Sandbox, of: Pid) -> Option<i64> {
    pid_beside(sandbox.pid(), of)
}

/// The number of a process in the PID namespace of another one.
fn pid_beside(other: Pid, of: Pid) -> Option<i64> {
    let level = |process: &Proc| process.status().numbers("NSpid").len();
    let host = Proc::open(other).ok()?;
    let numbers = Proc::open(of).ok()?.status().numbers("NSpid");
    numbers.get(level(&host) - 1).copied()
}

/// Whether it has ended, and waits for its parent to hear of it.
pub fn is_zombie(process: &Proc) -> bool {
    process.status().field("State").is_none_or(|state| state.starts_with(['Z', 'X']))
}

fn children_of(pid: Pid) -> Vec<Pid> {
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

fn inner(process: &Proc) -> String {
    process.status().numbers("NSpid").last().map(i64::to_string).unwrap_or_default()
}

fn depth(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let levels = |process: &Proc| process.status().numbers("NSpid").len();
    let host = Proc::open(scene.sandbox.pid()).map_or(0, |host| levels(&host));
    let depth = levels(&subject.proc).saturating_sub(host);
    Seen::text(subject.path("status, NSpid"), depth.to_string())
}

fn alive(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let alive = if is_zombie(&subject.proc) { "no" } else { "yes" };
    Seen::text(subject.path("status, State"), alive)
}

fn command(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    Seen::text(subject.path("cmdline"), words(&subject.proc).join(" "))
}

fn program(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("exe");
    match subject.proc.link("exe") {
        Some(path) => Seen::text(at, path),
        None => Seen::nothing(at, "it has ended"),
    }
}

fn parent(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let number = subject.proc.status().numbers("PPid").first().copied().unwrap_or_default();
    let parent = Proc::open(Pid::from_raw(number as i32));
    Seen::of(subject.path("status, PPid"), parent.map(|it| it.status().name().to_string()))
}

fn children_names(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let open = |pid| Proc::open(pid).ok().map(|child| child.status().name().to_string());
    let children = children_of(subject.pid);
    Seen::list(subject.path("task/*/children"), children.into_iter().filter_map(open).collect())
}

fn names(scene: &Scene<'_>, subject: &Subject, is_wanted: fn(&Proc) -> bool) -> Seen {
    let namespace = |process: &Proc| {
        let levels = process.status().numbers("NSpid").len();
        // A zombie has no namespaces to show any more: its numbers tell how deep it was.
        process.link("ns/pid").unwrap_or_else(|| levels.to_string())
    };
    let levels = subject.proc.status().numbers("NSpid").len().to_string();
    let own = [namespace(&subject.proc), levels];
    let all = of(scene.sandbox).into_iter();
    let found = all.filter(|process| own.contains(&namespace(process)) && is_wanted(process));
    let at = format!("the processes in the PID namespace of {}", subject.pid);
    Seen::list(at, found.map(|process| process.status().name().to_string()).collect())
}

fn first_word(mut seen: Seen) -> Seen {
    if let super::Found::Text(text) = &mut seen.found {
        *text = text.split_whitespace().next().unwrap_or_default().to_owned();
    }
    seen
}

/// A mask of 64 bits; the first stands for signal 1.
fn signals(subject: &Subject, field: &str) -> Seen {
    let at = subject.path(&format!("status, {field}"));
    let status = subject.proc.status();
    let Some(mask) = status.field(field).and_then(|mask| u64::from_str_radix(mask, 16).ok()) else {
        return Seen::nothing(at, "it has ended");
    };
    let name = |number: i32| match nix::sys::signal::Signal::try_from(number) {
        Ok(signal) => signal.as_str().trim_start_matches("SIG").to_owned(),
        Err(_) => number.to_string(),
    };
    // The C library keeps 32 and 33 to itself.
    let set = (1..=31).filter(|number| mask & (1 << (number - 1)) != 0);
    Seen::list(at, set.map(name).collect())
}
