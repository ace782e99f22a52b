//! What a container leaves running where no number 1 of its own takes it along.
//!
//! When the first process of a PID namespace ends, all others do. In another container's, or
//! the host's, they would go on. A cgroup holds them together, and they end as that is removed;
//! but an ordinary user may have none. They are known all the same, by their mount namespace,
//! in which nobody else is. It is held open until they have ended, so that no other one gets its
//! number.

use std::fs::{self, File};

use nix::sys::stat::fstat;
use nix::unistd::Pid;
use process::{Namespace, Part, Turn, pidfd_send_signal};

use crate::Target;

/// How often it is looked for those that were forked meanwhile.
const ROUNDS: usize = 100;

/// The processes of a container that is among others. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Stragglers {
    mounts: File,
}

impl Stragglers {
    /// Those of the container that begins with this process; `None` if it has ended.
    pub fn of(first: Pid) -> Option<Self> {
        File::open(format!("/proc/{first}/{}", Namespace::Mnt.file()))
            .ok()
            .map(|mounts| Self { mounts })
    }

    /// Kills all that there are, and counts them.
    fn kill(&self) -> usize {
        let Ok(ours) = fstat(&self.mounts) else { return 0 };
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_ours = |target: &Target| {
            let theirs = target.stat(Namespace::Mnt.file());
            theirs.is_ok_and(|it| (it.st_dev, it.st_ino) == (ours.st_dev, ours.st_ino))
        };
        // Whoever looks like one now is held, so that nobody else is hit.
        let found = pids.filter_map(|pid| Target::of_pid(Pid::from_raw(pid)).ok()).filter(is_ours);
        let found: Vec<Target> = found.collect();
        for target in &found {
            let _ = pidfd_send_signal(target.pidfd(), libc::SIGKILL);
        }
        found.len()
    }
}

impl Drop for Stragglers {
    fn drop(&mut self) {
        for _ in 0..ROUNDS {
            if self.kill() == 0 {
                return;
            }
        }
    }
}

impl Part for Stragglers {
    fn kind(&self) -> Option<process::Kind> {
        // What is not ended by who has made it has no name by which it could be found later.
        Some(process::Kind { turn: Turn::Processes, sweep: |_| Ok(Vec::new()) })
    }
}
