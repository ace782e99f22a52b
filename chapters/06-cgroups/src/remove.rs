//! Nothing is left behind: a cgroup is removed with `rmdir`, once it is empty.
//!
//! The kernel answers EBUSY as long as a process is in it or a cgroup below it, and a
//! killed process stays a moment longer, until it is done exiting. So: try; if it is
//! busy, kill what is in there, remove what is below, and try again.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::Pid;
use process::{Result, State, Step};

use crate::group::Group;

/// The record of a container's directories, one path a line.
pub(crate) const RECORD: &str = "cgroup";

/// How long dying processes may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Removes the cgroup of a container whose runtime has died, and returns what it
/// removed, one line each.
///
/// # Errors
/// If something of it is still busy after two seconds; the record stays then.
pub fn sweep(state: &State) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    let Some(record) = state.recorded(RECORD)? else { return Ok(removed) };
    for dir in record.lines().map(Path::new) {
        // We are about to kill what is in there, on the word of a file: so only in
        // a cgroup file system, and only under the name that we give.
        let mount = dir.ancestors().nth(2).unwrap_or(dir);
        let is_cgroup = match statfs(mount) {
            Err(Errno::ENOENT) => false,
            found => {
                let found = found.step(|| format!("look at {}", mount.display()))?;
                [CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC].contains(&found.filesystem_type())
            }
        };
        if is_cgroup && Group::is_of(dir, state.id()) && remove(dir)? {
            removed.push(format!("cgroup {}", dir.display()));
        }
    }
    state.forget(RECORD)?;
    Ok(removed)
}

/// Removes the group `dir`, and its parent if that is empty now. `false` if it was
/// gone already.
pub(crate) fn remove(dir: &Path) -> Result<bool> {
    let removed = remove_tree(dir, Instant::now() + PATIENCE)?;
    // Busy while another container is in it, and then it is not ours to remove.
    let _ = dir.parent().map(fs::remove_dir);
    Ok(removed)
}

/// Removes a cgroup with all below it, the deepest first.
fn remove_tree(dir: &Path, deadline: Instant) -> Result<bool> {
    let mut pause = Duration::from_micros(50);
    loop {
        match fs::remove_dir(dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) if error.kind() == ErrorKind::ResourceBusy && Instant::now() < deadline => {}
            removed => {
                return removed
                    .map(|()| true)
                    .step(|| format!("remove the cgroup {}", dir.display()));
            }
        }
        kill_all(dir);
        for child in children(dir) {
            remove_tree(&child, deadline)?;
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(1));
    }
}

/// Kills every process in a cgroup. What is forked meanwhile, the next round finds.
fn kill_all(dir: &Path) {
    // v2, Linux 5.14 and later: one write for the whole tree, and no race with forks.
    let file = fs::OpenOptions::new().write(true).open(dir.join("cgroup.kill"));
    if file.and_then(|mut file| file.write_all(b"1")).is_ok() {
        return;
    }
    let processes = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    for pid in processes.lines().filter_map(|line| line.parse().ok()) {
        // 0 stands for a process that our PID namespace cannot name, and to kill(2)
        // it would mean our own process group.
        if pid > 1 && Pid::from_raw(pid) != Pid::this() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// The cgroups directly below; a cgroup file system has no links to follow.
fn children(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|dir| dir.path())
}
