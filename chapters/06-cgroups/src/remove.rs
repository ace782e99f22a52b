//! Nothing is left behind: a cgroup is removed with `rmdir`, once it is empty.
//!
//! The kernel answers EBUSY as long as a process is in it or a cgroup below it, and a
//! killed process stays a moment longer, until it is done exiting. So: try; if it is
//! busy, kill what is in there, remove what is below, and try again.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mount_ns::{Descent, Visitor};
use nix::unistd::{UnlinkatFlags, unlinkat};
use process::{Kind, Result, State, Step, Turn};

use crate::kill::{PATIENCE, children, kill_round};
use crate::record::older_name;
use crate::{Cgroup, Record};

/// What a cgroup is among a container's parts.
pub const KIND: Kind = Kind { turn: Turn::Processes, sweep };

/// Removes the cgroup of a container whose runtime has died, and returns what it
/// removed, one line each.
///
/// # Errors
/// If something of it is still busy after two seconds; the record stays then.
fn sweep(state: &State) -> Result<Vec<String>> {
    let Some(record) = Record::read(state.dir())? else { return Ok(Vec::new()) };
    let dirs = record.ours(state)?;
    let mut removed = Vec::new();
    for (dir, result) in dirs.iter().zip(remove(&dirs)) {
        if result? {
            removed.push(format!("cgroup {}", dir.display()));
        }
        if dir.ends_with(older_name(state)) {
            remove_above(dir.parent());
        }
    }
    remove_above(record.above.iter().rev());
    state.forget(Record::NAME)?;
    Ok(removed)
}

/// Removes what was made on the way. It is busy while another container is in it, and then
/// it is not ours to remove.
fn remove_above(dirs: impl IntoIterator<Item = impl AsRef<Path>>) {
    for dir in dirs {
        let _ = fs::remove_dir(dir);
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if self.remove() {
            let _ = fs::remove_file(&self.record);
        }
    }
}

impl Cgroup {
    /// Removes what was made of it; whether all of it is gone.
    pub(crate) fn remove(&mut self) -> bool {
        let dirs: Vec<_> = self.directories().map(Path::to_owned).collect();
        let is_gone = remove(&dirs).iter().all(Result::is_ok);
        remove_above(self.above.iter().rev());
        self.groups.0.iter_mut().for_each(|group| group.is_made &= !is_gone);
        is_gone
    }
}

/// Removes a container's directories. For each, whether it was there, or why it still is.
fn remove(dirs: &[impl AsRef<Path>]) -> Vec<Result<bool>> {
    let deadline = Instant::now() + PATIENCE;
    dirs.iter().map(|dir| remove_dir(dir.as_ref(), dirs, deadline)).collect()
}

/// Removes one with all below it. A process in here may be kept alive by something in
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
