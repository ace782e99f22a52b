//! Ending every process in a cgroup, those that cannot die as well.
//!
//! A process that has been *frozen* by the v1 freezer takes no signal, SIGKILL neither,
//! until it is thawed. A container that may make a cgroup in there can freeze what is in
//! it: then nothing that waits for its end would ever go on. So all are killed, and then
//! all are thawed, and die of what is pending:
//!
//! ```text
//!              v1                                       v2
//!   kill       a signal for each of cgroup.procs        cgroup.kill (Linux 5.14)
//!   thaw       THAWED into freezer.state, the outer     not needed: freezing does not
//!              ones first                               keep SIGKILL out
//! ```

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mount_ns::{Descent, Visitor};
use nix::fcntl::{OFlag, openat};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::Groups;
use crate::freezer::thaw;

/// How long dying processes may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

impl Groups {
    /// Ends every process in it and in the cgroups below it, frozen ones as well, and
    /// waits until they are gone, two seconds at most.
    pub fn kill_all(&self) {
        let dirs: Vec<_> = self.directories().collect();
        let deadline = Instant::now() + PATIENCE;
        while kill_round(&dirs) > 0 && Instant::now() < deadline {
            sleep(Duration::from_micros(200));
        }
    }
}

/// Kills and thaws whatever is in one container's directories of all hierarchies; returns
/// how many there were. The next round finds what they have forked meanwhile.
pub(crate) fn kill_round(dirs: &[impl AsRef<Path>]) -> usize {
    let mut found = 0;
    for dir in dirs {
        // One write for the whole tree, and no race with forks.
        let file = OpenOptions::new().write(true).open(dir.as_ref().join("cgroup.kill"));
        let _ = file.and_then(|mut file| file.write_all(b"1"));
        look_at_all(dir.as_ref(), |here| found += kill_in(here));
    }
    // Only now, when nobody is left who could freeze them again.
    for dir in dirs {
        look_at_all(dir.as_ref(), thaw);
    }
    found
}

/// Looks at a cgroup and at all below it. Those that are gone meanwhile need no look.
fn look_at_all(top: &Path, look: impl FnMut(BorrowedFd<'_>)) {
    let _ = Descent::from(top).and_then(|top| top.walk(&mut Look(look)));
}

struct Look<F>(F);

impl<F: FnMut(BorrowedFd<'_>)> Visitor for Look<F> {
    fn enter(&mut self, cgroup: &mut Descent) -> Vec<OsString> {
        self.0(cgroup.here());
        children(cgroup)
    }
}

/// The cgroups directly below.
pub(crate) fn children(cgroup: &mut Descent) -> Vec<OsString> {
    let entries = cgroup.entries().unwrap_or_default();
    entries.into_iter().filter(|(_, is_dir)| *is_dir).map(|(name, _)| name).collect()
}

/// Kills the processes of one cgroup, and counts them.
fn kill_in(cgroup: BorrowedFd<'_>) -> usize {
    let mut list = Vec::new();
    let file = openat(cgroup, "cgroup.procs", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
    if let Ok(file) = file {
        // In a threaded cgroup of v2 it cannot be read; the one above lists them.
        let _ = File::from(file).read_to_end(&mut list);
    }
    let numbers =
        list.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let pids = numbers.filter_map(|line| line.parse().ok()).map(Pid::from_raw);
    // 0 stands for a process that our PID namespace cannot name, and to kill(2) it would
    // mean our own process group.
    let strangers = pids.filter(|pid| pid.as_raw() > 1 && *pid != Pid::this());
    let killed: Vec<_> = strangers.map(|pid| kill(pid, Signal::SIGKILL)).collect();
    killed.len()
}
