//! Chapter 10: one more process in a container that runs, `lab exec`.

mod attacked;
mod others;
mod powers;
mod sessions;
mod surroundings;

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Stdio};

use harness::{Lab, Ran, kernel, ran};

/// A command that has come in, and stays until it is let go.
pub struct Guest {
    client: Child,
    /// Its process, as the host numbers it.
    pub pid: i32,
}

impl Guest {
    /// The process that runs `lab exec`.
    pub fn client(&self) -> i32 {
        self.client.id().cast_signed()
    }

    /// Lets it come to its end.
    pub fn leave(mut self) -> Ran {
        drop(self.client.stdin.take());
        ran(self.client.wait_with_output().expect("it ends"))
    }

    /// Waits for the end without letting it.
    pub fn wait(mut self) -> Ran {
        let stdin = self.client.stdin.take();
        let output = self.client.wait_with_output().expect("it ends");
        drop(stdin);
        ran(output)
    }
}

/// `lab exec ARGS`, where the last of `args` may be a name or `--pid N`.
#[track_caller]
pub fn come_in(lab: &Lab, args: &str) -> Guest {
    let mut client = lab
        .program("lab")
        .arg("exec")
        .args(args.split_whitespace())
        .args(["--", "sh", "-c", "echo in; read line; true"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lab starts");
    if kernel::read_until(client.stdout.as_mut().expect("a pipe"), "in\n").is_none() {
        let _ = client.kill();
        let mut said = String::new();
        let _ = client.stderr.take().expect("a pipe").read_to_string(&mut said);
        let _ = client.wait();
        panic!("exec {args}: nothing came in: {said}");
    }
    let pid = kernel::child_of(client.id().cast_signed()).expect("the command's process");
    Guest { client, pid }
}

/// A shell script in a container, to its end: `lab exec ARGS -- sh -c SCRIPT`.
pub fn sh(lab: &Lab, args: &str, script: &str) -> Ran {
    lab.lab(["exec"].into_iter().chain(args.split_whitespace()).chain(["--", "sh", "-c", script]))
}

/// What a process has, as the kernel tells it.
pub fn belongings(pid: i32) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for kind in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
        // An older kernel lacks the clocks' kind.
        if let Ok(link) = fs::read_link(format!("/proc/{pid}/ns/{kind}")) {
            all.push((kind.to_owned(), link.display().to_string()));
        }
    }
    let root = fs::metadata(format!("/proc/{pid}/root")).expect("a root");
    all.push(("root".to_owned(), format!("{}:{}", root.dev(), root.ino())));
    for file in ["cgroup", "uid_map", "gid_map", "setgroups", "limits", "attr/current"] {
        if let Ok(text) = fs::read_to_string(format!("/proc/{pid}/{file}")) {
            all.push((file.to_owned(), text));
        }
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let told = [
        "Uid",
        "Gid",
        "Groups",
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp",
        "Seccomp_filters",
        "Umask",
    ];
    for (name, value) in status.lines().filter_map(|line| line.split_once(':')) {
        if told.contains(&name) {
            all.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    all
}

/// What comes in has what the first process has, and no more.
#[track_caller]
pub fn assert_has_the_same(guest: i32, first: i32, where_: &str) {
    let (theirs, its) = (belongings(first), belongings(guest));
    let differ: Vec<_> = theirs.iter().zip(&its).filter(|(one, other)| one != other).collect();
    assert!(differ.is_empty() && theirs.len() == its.len(), "{where_}: {differ:#?}");
}
