//! Open descriptors: what a process holds, and what they lead to.

use nix::dir::Dir;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::scene::{Look, Scene, Seen, Subject};

pub const LOOKS: &[Look] = &[
    // the numbers: 0 1 2
    Look { name: "descriptors", run: numbers },
    // what all of them lead to
    Look { name: "descriptor targets", run: targets },
    // the files on which it holds a lock, flock(2)
    Look { name: "locks", run: locks },
    // what one of them leads to: descriptor 3
    Look { name: "descriptor", run: one },
];

fn list(subject: &Subject) -> nix::Result<Vec<u32>> {
    let fd = subject.proc.file("fd", OFlag::O_RDONLY | OFlag::O_DIRECTORY)?;
    let mut dir = Dir::openat(&fd, ".", OFlag::O_RDONLY, Mode::empty())?;
    let name = |entry: nix::dir::Entry| entry.file_name().to_str().ok()?.parse().ok();
    let mut numbers: Vec<u32> = dir.iter().flatten().filter_map(name).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn target(subject: &Subject, number: u32) -> String {
    subject.proc.link(&format!("fd/{number}")).unwrap_or_default()
}

fn numbers(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    match list(subject) {
        Ok(list) => Seen::list(subject.path("fd"), list.iter().map(u32::to_string).collect()),
        Err(errno) => Seen::nothing(subject.path("fd"), errno.desc()),
    }
}

fn targets(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let targets = list(subject).map(|list| list.iter().map(|&it| target(subject, it)).collect());
    match targets {
        Ok(targets) => Seen::list(subject.path("fd"), targets),
        Err(errno) => Seen::nothing(subject.path("fd"), errno.desc()),
    }
}

fn locks(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    // A line for each lock that this open file has; proc_pid_fdinfo(5).
    let is_locked = |number: &u32| {
        let info = subject.proc.read(&format!("fdinfo/{number}")).unwrap_or_default();
        info.lines().any(|line| line.starts_with("lock:") && line.contains("FLOCK"))
    };
    let at = subject.path("fdinfo/*");
    match list(subject) {
        Ok(list) => {
            let locked = list.into_iter().filter(is_locked);
            Seen::list(at, locked.map(|it| target(subject, it)).collect())
        }
        Err(errno) => Seen::nothing(at, errno.desc()),
    }
}

fn one(_: &Scene<'_>, subject: &Subject, number: &str) -> Seen {
    let at = subject.path(&format!("fd/{number}"));
    match subject.proc.link(&format!("fd/{number}")) {
        Some(target) => Seen::text(at, target),
        None => Seen::nothing(at, "it is not open"),
    }
}
