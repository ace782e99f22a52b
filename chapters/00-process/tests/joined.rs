//! A child that is born in somebody else's namespaces, while its parent stays where it is.
//!
//! No test harness: its threads would keep everybody from cloning.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use harness::skip;
use nix::errno::Errno;
use nix::unistd::{Pid, gethostname, sethostname};
use process::join::{Kind, Namespace};
use process::{CloneFlags, Command, Process, Step};

const KINDS: [(Kind, &str); 4] =
    [(Kind::Uts, "uts"), (Kind::Ipc, "ipc"), (Kind::Network, "net"), (Kind::Pid, "pid")];

fn main() {
    if !skip::is_root() {
        return;
    }
    a_child_is_born_where_somebody_else_is_and_we_stay();
    what_is_no_such_namespace_is_refused_and_we_stay();
}

/// A process that waits, in new namespaces or none.
fn process(flags: CloneFlags, name: Option<&str>) -> Process {
    let command = Command {
        name: None,
        argv: ["sleep", "60"].map(OsString::from).to_vec(),
        env: Vec::new(),
        workdir: None,
        user: None,
    };
    let child = || name.map_or(Ok(()), |name| sethostname(name).step(|| "set the host name"));
    Process::create(flags, &command, |_| Ok(()), child).expect("a process")
}

fn file_of(pid: Pid, name: &str) -> PathBuf {
    format!("/proc/{pid}/ns/{name}").into()
}

/// Which namespaces somebody is in.
fn places(pid: Pid) -> Vec<PathBuf> {
    let place = |name| fs::read_link(file_of(pid, name)).expect("it runs");
    // Where our own children are born, as well.
    let names = KINDS.map(|(_, name)| name);
    names.into_iter().chain(["mnt", "user", "cgroup", "pid_for_children"]).map(place).collect()
}

fn a_child_is_born_where_somebody_else_is_and_we_stay() {
    let flags = KINDS.map(|(kind, _)| kind.flag()).into_iter().collect();
    let theirs = process(flags, Some("theirs"));
    let (before, name) = (places(Pid::this()), gethostname().expect("a name"));
    let joined: Vec<_> = KINDS
        .iter()
        .map(|&(kind, name)| Namespace { kind, path: file_of(theirs.pid(), name) })
        .map(|namespace| namespace.join().expect("it is ours to enter"))
        .collect();
    assert_eq!(gethostname().expect("a name"), "theirs");
    let born = process(CloneFlags::empty(), None);
    drop(joined);
    assert_eq!(places(born.pid()), places(theirs.pid()));
    assert_ne!(places(born.pid())[..4], before[..4]);
    assert_eq!(places(Pid::this()), before);
    assert_eq!(gethostname().expect("a name"), name);
    // And what comes later is born at home again.
    let later = process(CloneFlags::empty(), None);
    assert_eq!(places(later.pid()), before);
}

fn what_is_no_such_namespace_is_refused_and_we_stay() {
    let before = places(Pid::this());
    for (path, errno) in [
        ("/proc/self/ns/nothing", Errno::ENOENT),
        ("/proc/self/ns/mnt", Errno::EINVAL),
        ("/etc/hostname", Errno::EINVAL),
    ] {
        let namespace = Namespace { kind: Kind::Uts, path: path.into() };
        let error = namespace.join().expect_err("it is refused");
        assert_eq!(error.errno(), Some(errno), "{error}");
        assert!(error.to_string().contains(path), "{error}");
    }
    assert_eq!(places(Pid::this()), before);
}
