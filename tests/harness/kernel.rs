//! Facts read from the kernel: what decides whether something is isolated.

use std::fs;
use std::io::Read;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::DEADLINE;

/// The namespaces there are, as /proc/PID/ns names them.
pub const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

/// The number of a process's namespace: `net:[4026531840]`.
pub fn namespace(pid: i32, kind: &str) -> String {
    let link = fs::read_link(format!("/proc/{pid}/ns/{kind}")).expect("a namespace");
    link.to_string_lossy().into_owned()
}

/// The namespaces in which a process differs from this one.
pub fn own_namespaces(pid: i32) -> Vec<&'static str> {
    let us = std::process::id().cast_signed();
    NAMESPACES.into_iter().filter(|kind| namespace(pid, kind) != namespace(us, kind)).collect()
}

/// A process's only child, once there is one.
pub fn child_of(pid: i32) -> Option<i32> {
    children_of(pid).first().copied()
}

/// A process's children, those that wait to be collected too.
pub fn children_of(pid: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    children.unwrap_or_default().split_whitespace().flat_map(str::parse).collect()
}

/// Whether a process exists that is not a zombie.
pub fn is_alive(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// The beginning of a process's `environ` or `cmdline`, which may claim to be as long as it
/// likes; see PR_SET_MM of prctl(2).
pub fn words(pid: i32, file: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(format!("/proc/{pid}/{file}")) {
        let _ = file.take(1 << 20).read_to_end(&mut bytes);
    }
    bytes
}

/// What /proc/self/mountinfo says of this process's mounts.
pub fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").expect("mountinfo")
}

/// Waits until `look` finds something.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "it did not come in time: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Reads until `end` is there; `None` if the stream or the patience ends first.
pub fn read_until(stream: &mut (impl Read + AsFd), end: &str) -> Option<String> {
    let start = Instant::now();
    let mut said = Vec::new();
    while !said.ends_with(end.as_bytes()) {
        let left = DEADLINE.checked_sub(start.elapsed())?;
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLIN)], timeout).ok()?;
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => said.push(byte[0]),
            _ => return None,
        }
    }
    String::from_utf8(said).ok()
}
