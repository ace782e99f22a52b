//! A stay in somebody else's namespaces, during which a child is born.
//!
//! No test harness: its threads would keep everybody from cloning.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;

use harness::skip;
use nix::errno::Errno;
use nix::sched::{setns, unshare};
use nix::unistd::{Pid, gethostname, sethostname};
use process::{CloneFlags, Command, Namespace, Process, Step, WayBack};

/// Those that a child may have from somebody else while we come back.
const KINDS: [Namespace; 4] = [Namespace::Uts, Namespace::Ipc, Namespace::Net, Namespace::Pid];

fn main() {
    if !skip::is_root() {
        return;
    }
    a_child_is_born_where_somebody_else_is_and_we_come_back();
    who_has_been_in_a_new_namespace_comes_back_from_it();
    from_a_user_namespace_there_is_no_way_back();
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

/// Which namespaces somebody is in, and where its children will be born.
fn places(pid: Pid) -> Vec<PathBuf> {
    let names = KINDS.map(Namespace::name).into_iter();
    let names = names.chain(["mnt", "user", "cgroup", "pid_for_children", "time_for_children"]);
    names.filter_map(|name| fs::read_link(format!("/proc/{pid}/ns/{name}")).ok()).collect()
}

fn a_child_is_born_where_somebody_else_is_and_we_come_back() {
    let theirs = process(KINDS.map(Namespace::flag).into_iter().collect(), Some("theirs"));
    let (before, name) = (places(Pid::this()), gethostname().expect("a name"));
    let stay = KINDS.map(|kind| {
        let namespace = File::open(format!("/proc/{}/{}", theirs.pid(), kind.file()));
        let back = WayBack::to_own(kind).expect("it is ours to come back to");
        setns(namespace.expect("it runs"), kind.flag()).expect("it is ours to enter");
        back
    });
    assert_eq!(gethostname().expect("a name"), "theirs");
    let born = process(CloneFlags::empty(), None);
    drop(stay);
    assert_eq!(places(born.pid()), places(theirs.pid()));
    assert_ne!(places(born.pid())[..4], before[..4]);
    assert_eq!(places(Pid::this()), before);
    assert_eq!(gethostname().expect("a name"), name);
    // And what comes later is born at home again.
    let later = process(CloneFlags::empty(), None);
    assert_eq!(places(later.pid()), before);
}

fn who_has_been_in_a_new_namespace_comes_back_from_it() {
    let before = places(Pid::this());
    for kind in KINDS {
        let back = WayBack::to_own(kind).expect("it is ours to come back to");
        unshare(kind.flag()).expect("it can be made");
        assert_ne!(places(Pid::this()), before, "{kind:?}");
        drop(back);
        assert_eq!(places(Pid::this()), before, "{kind:?}");
    }
}

fn from_a_user_namespace_there_is_no_way_back() {
    let refused = WayBack::to_own(Namespace::User).expect_err("it is our own");
    assert_eq!(refused.errno(), Some(Errno::EINVAL), "{refused}");
    assert!(refused.to_string().contains("/proc/self/ns/user"), "{refused}");
}
