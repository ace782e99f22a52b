//! Processes: who there is, which numbers they have, and in which state they are.

use nix::unistd::Pid;

use super::scene::{Found, Look, Scene, Seen, Subject};
use super::tree::{children_of, inner, is_zombie, of, words};
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
    // the number of its parent in its own PID namespace: 0 if that is outside
    Look { name: "parent inside", run: parent_inside },
    // own, or shared with the host: which processes a terminal's end would hit
    Look { name: "session", run: session },
    // the names of its children
    Look { name: "children", run: children_names },
    // the names of all processes in its PID namespace, zombies too
    Look { name: "processes", run: |scene, subject, _| names(scene, subject, |_| true) },
    // the names of those of them that nobody has waited for
    Look { name: "zombies", run: |scene, subject, _| names(scene, subject, is_zombie) },
    // the numbers in its PID namespace of those who were not born in there; PID 1 was
    Look { name: "newcomers", run: newcomers },
    // the signals it has blocked, ignored, caught: HUP INT …
    Look { name: "signals blocked", run: |_, subject, _| signals(subject, "SigBlk") },
    Look { name: "signals ignored", run: |_, subject, _| signals(subject, "SigIgn") },
    Look { name: "signals caught", run: |_, subject, _| signals(subject, "SigCgt") },
    // how many threads it has
    Look { name: "threads", run: |_, subject, _| subject.status("Threads") },
];

fn depth(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let levels = |process: &Proc| process.status().pids().len();
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
    let number = subject.proc.status().number("PPid").unwrap_or_default();
    let parent = Proc::open(Pid::from_raw(number));
    Seen::of(subject.path("status, PPid"), parent.map(|it| it.status().name().to_string()))
}

fn parent_inside(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("status, PPid");
    let number = subject.proc.status().number("PPid").unwrap_or_default();
    match Proc::open(Pid::from_raw(number)) {
        Ok(parent) if parent.link("ns/pid") == subject.proc.link("ns/pid") => {
            Seen::text(at, inner(&parent))
        }
        Ok(_) => Seen::text(at, "0"),
        Err(why) => Seen::nothing(at, why.to_string()),
    }
}

fn session(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("stat, session");
    // Field 6. The second field is its name, in which there may be anything.
    let number = |process: &Proc| {
        let stat = process.read("stat").ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_whitespace().nth(6 - 3).map(str::to_owned)
    };
    let host = Proc::open(scene.sandbox.pid()).ok().and_then(|host| number(&host));
    match number(&subject.proc) {
        None => Seen::nothing(at, "it has ended"),
        own if own == host => Seen::text(at, "shared"),
        Some(_) => Seen::text(at, "own"),
    }
}

fn children_names(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let open = |pid| Proc::open(pid).ok().map(|child| child.status().name().to_string());
    let children = children_of(subject.pid);
    Seen::list(subject.path("task/*/children"), children.into_iter().filter_map(open).collect())
}

fn names(scene: &Scene<'_>, subject: &Subject, is_wanted: fn(&Proc) -> bool) -> Seen {
    let namespace = |process: &Proc| {
        let levels = process.status().pids().len();
        // A zombie has no namespaces to show any more: its numbers tell how deep it was.
        process.link("ns/pid").unwrap_or_else(|| levels.to_string())
    };
    let levels = subject.proc.status().pids().len().to_string();
    let own = [namespace(&subject.proc), levels];
    let all = of(scene.sandbox).into_iter();
    let found = all.filter(|process| own.contains(&namespace(process)) && is_wanted(process));
    let at = format!("the processes in the PID namespace of {}", subject.pid);
    Seen::list(at, found.map(|process| process.status().name().to_string()).collect())
}

fn newcomers(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let namespace = |process: &Proc| process.link("ns/pid");
    let own = namespace(&subject.proc);
    let inside: Vec<Proc> =
        of(scene.sandbox).into_iter().filter(|process| namespace(process) == own).collect();
    let is_inside = |number| inside.iter().any(|process| Some(process.pid.as_raw()) == number);
    let came = inside.iter().filter(|it| !is_inside(it.status().number("PPid")));
    let mut numbers: Vec<_> = came.map(inner).filter(|number| number != "1").collect();
    numbers.sort_by_key(|number| number.parse::<i32>().unwrap_or_default());
    Seen::list(format!("PPid and NSpid of all in the PID namespace of {}", subject.pid), numbers)
}

fn first_word(mut seen: Seen) -> Seen {
    if let Found::Text(text) = &mut seen.found {
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
