//! Nothing is left behind: a cgroup is removed with `rmdir`, once it is empty.
//!
//! The kernel answers EBUSY as long as a process is in it or a cgroup below it, and a
//! killed process stays a moment longer, until it is done exiting. So: try; if it is
//! busy, kill what is in there, remove what is below, and try again.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mount_ns::{Descent, Visitor};
use nix::errno::Errno;
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{UnlinkatFlags, unlinkat};
use process::{Kind, Result, State, Step, Turn};

use crate::Cgroup;
use crate::cgroup::RECORD;
use crate::group::name;
use crate::kill::{PATIENCE, children, kill_round};

/// What a cgroup is among a container's parts.
pub const KIND: Kind = Kind { turn: Turn::Processes, sweep };

/// Removes the cgroup of a container whose runtime has died, and returns what it
/// removed, one line each.
///
/// # Errors
/// If something of it is still busy after two seconds; the record stays then.
fn sweep(state: &State) -> Result<Vec<String>> {
    let Some(record) = state.recorded(RECORD)? else { return Ok(Vec::new()) };
    let mut dirs = Vec::new();
    for line in record.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let dir = Path::new(OsStr::from_bytes(line));
        // We are about to kill what is in there, on the word of a file.
        if is_ours(dir, state)? {
            dirs.push(dir);
        }
    }
    let mut removed = Vec::new();
    for (dir, result) in dirs.iter().zip(remove(&dirs)) {
        if result? {
            removed.push(format!("cgroup {}", dir.display()));
        }
        if dir.ends_with(older_name(state)) {
            // Busy while another container is in it, and then it is not ours to remove.
            let _ = dir.parent().map(fs::remove_dir);
        }
    }
    state.forget(RECORD)?;
    Ok(removed)
}

/// Whether it is in a cgroup file system, and under the name that we give.
fn is_ours(dir: &Path, state: &State) -> Result<bool> {
    let parent = dir.parent().unwrap_or(dir);
    let is_cgroup = match statfs(parent) {
        Err(Errno::ENOENT) => false,
        found => {
            let found = found.step(|| format!("look at {}", parent.display()))?;
            [CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC].contains(&found.filesystem_type())
        }
    };
    Ok(is_cgroup && (dir.ends_with(name(state.id())) || dir.ends_with(older_name(state))))
}

/// Earlier runtimes put all their cgroups into one called `lab`.
fn older_name(state: &State) -> PathBuf {
    Path::new("lab").join(state.id())
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let dirs: Vec<_> = self.ours().map(|group| &group.dir).collect();
        if remove(&dirs).iter().all(Result::is_ok) {
            let _ = fs::remove_file(&self.record);
        }
    }
}

/// Removes a container's directories. For each, whether it was there, or why it still is.
fn remove(dirs: &[impl AsRef<Path>]) -> Vec<Result<bool>> {
    let deadline = Instant::now() + PATIENCE;
    dirs.iter().map(|dir| remove_dir(dir.as_ref(), dirs, deadline)).collect()
}

/// Removes one with all below it. What keeps a process alive that is in here may be in
/// another of the container's directories `all`: see `kill.rs`.
fn remove_dir(dir: &Path, all: &[impl AsRef<Path>], deadline: Instant) -> Result<bool> {
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
        kill_round(all);
        let _ = Descent::from(dir).and_then(|top| top.walk(&mut RemoveBelow));
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(1));
    }
}

/// Removes what is below a cgroup, the deepest first. One that is still busy is tried again
/// in the next round.
struct RemoveBelow;

impl Visitor for RemoveBelow {
    fn enter(&mut self, cgroup: &mut Descent) -> Vec<OsString> {
        children(cgroup)
    }

    fn leave(&mut self, above: &Descent, name: &OsStr) {
        let _ = unlinkat(above.here(), name, UnlinkatFlags::RemoveDir);
    }
}
