//! What a process has inherited or was given: environment, directory, limits.

use nix::fcntl::OFlag;
use nix::sys::stat::fstat;

use super::scene::{Look, Scene, Seen, Subject};

pub const LOOKS: &[Look] = &[
    // the names of its variables
    Look { name: "environment", run: environment },
    // the value of one: variable PATH
    Look { name: "variable", run: variable },
    // its working directory, as a path in its own root
    Look { name: "cwd", run: cwd },
    // its umask, as 0022
    Look { name: "umask", run: |_, subject, _| subject.status("Umask") },
    // soft and hard: ulimit Max open files
    Look { name: "ulimit", run: ulimit },
];

fn variables(subject: &Subject) -> std::io::Result<Vec<(String, String)>> {
    let text = subject.proc.read("environ")?;
    let pair = |entry: &str| {
        let (name, value) = entry.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    Ok(text.split('\0').filter_map(pair).collect())
}

fn environment(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    match variables(subject) {
        Ok(pairs) => {
            Seen::list(subject.path("environ"), pairs.into_iter().map(|pair| pair.0).collect())
        }
        Err(error) => Seen::nothing(subject.path("environ"), error.to_string()),
    }
}

fn variable(_: &Scene<'_>, subject: &Subject, name: &str) -> Seen {
    let at = subject.path(&format!("environ, {name}"));
    let pairs = variables(subject).unwrap_or_default();
    match pairs.into_iter().find(|(key, _)| key == name) {
        Some((_, value)) => Seen::text(at, value),
        None => Seen::nothing(at, "it is not set"),
    }
}

fn cwd(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("cwd");
    let (Some(cwd), Some(root)) = (subject.proc.link("cwd"), subject.proc.link("root")) else {
        return Seen::nothing(at, "it has ended");
    };
    // A directory of a tree that is mounted nowhere any more is called / as well.
    let identity = |name: &str| {
        let file = subject.proc.file(name, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        fstat(&file).map(|stat| (stat.st_dev, stat.st_ino))
    };
    let is_astray = cwd == root && identity("cwd") != identity("root");
    // The kernel tells both paths from the root of the mount namespace: that is the
    // container's own after a pivot, and the host's after a chroot.
    match cwd.strip_prefix(root.trim_end_matches('/')) {
        Some("") if !is_astray => Seen::text(at, "/"),
        Some(path) if !is_astray && path.starts_with('/') => Seen::text(at, path),
        _ => Seen::text(at, "outside of the root"),
    }
}

fn ulimit(_: &Scene<'_>, subject: &Subject, name: &str) -> Seen {
    let at = subject.path(&format!("limits, {name}"));
    let text = subject.proc.read("limits").unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix(name));
    let words: Vec<&str> = found.unwrap_or_default().split_whitespace().take(2).collect();
    if words.is_empty() {
        Seen::nothing(at, "there is no such limit")
    } else {
        Seen::text(at, words.join(" "))
    }
}
