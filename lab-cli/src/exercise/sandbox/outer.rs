//! The outer of two user namespaces: what the sandbox shows is locked by it.
//!
//! ```text
//!   lab ── clone ──▶ outer       user and mount namespace: each tree, read-only, in place
//!    │                 └── clone ──▶ PID 1     user, mount, PID … namespaces, all of its own
//!    │                     as a sibling: PID 1 is a child of lab
//!    └── waits for outer, which has done its part
//! ```
//!
//! Root in a user namespace may mount writable again whatever was mounted read-only in
//! there, and for root of a namespace, and for an ordinary user, the files are still their
//! own. But what was read-only *before* a mount namespace was copied for another user
//! namespace stays so in the copy, whoever is root there, and in every mount that is made
//! of it: mount_namespaces(7), "Restrictions on mount namespaces".
//!
//! The outer one also says how many namespaces there can be. Much of what the kernel keeps
//! for them is in no memory account, so a loop of `unshare(2)` would eat the host's.

use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use mount_ns::{Root, Target, bind_from, isolate};
use nix::fcntl::AT_FDCWD;
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{SFlag, fstat};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, Pid};
use process::gate::ChildGate;
use process::{Error, Namespace, Result, Step};
use user_ns::maps::{Kind, Map};

use super::plan::Plan;
use super::users::Users;
use crate::sys;

/// The outer namespaces.
pub const FLAGS: CloneFlags = CloneFlags::CLONE_NEWUSER.union(CloneFlags::CLONE_NEWNS);

/// What the sandbox has of its own; the cgroup namespace comes when it is in its cgroup.
const INNER: CloneFlags = FLAGS
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// Where the trees are put, by their numbers.
const STAGE: &str = "/tmp";

/// The most namespaces of each kind: an exercise has three containers at a time, and the
/// kernel takes a while to free those of the last ones.
const MOST_NAMESPACES: &str = "64";

/// The outer process, as lab sees it. Dropping it ends it, unless it has ended.
#[derive(Debug)]
pub struct Outer(Pid);

impl Outer {
    /// Takes over a child that has been cloned.
    pub fn new(pid: Pid) -> Self {
        Self(pid)
    }

    /// PID 1 of the sandbox, as soon as there is one; `None` if there never will be.
    pub fn inner(&self, mut announced: PipeReader) -> Option<Pid> {
        let mut number = [0; 4];
        announced.read_exact(&mut number).ok()?;
        Some(Pid::from_raw(i32::from_ne_bytes(number)))
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        // A child that nobody has waited for: the number is still its own.
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = waitid(Id::Pid(self.0), WaitPidFlag::WEXITED);
    }
}

/// In the outer process: locks the trees and makes PID 1. It returns in both, in PID 1 with
/// the trees as it is to show them, and in the outer process with nothing, which is done.
///
/// # Errors
/// If this host refuses a part of it.
pub fn split(
    plan: &Plan,
    users: &Users,
    gate: &ChildGate,
    mut announce: PipeWriter,
) -> Result<Option<Vec<OwnedFd>>> {
    // If memory runs out all the same, here is whom the kernel may end first: with PID 1
    // goes what its file systems hold.
    fs::write("/proc/self/oom_score_adj", "1000").step(|| "be the first to run out of memory")?;
    let trees = gate.wait_for_begin()?;
    users.become_root()?;
    // Not before: who becomes somebody else loses it.
    prctl::set_pdeathsig(Signal::SIGKILL).step(|| "ask for a parent-death signal")?;
    // And who has become somebody else has no files in /proc, such as PID 1's maps.
    prctl::set_dumpable(true).step(|| "own the files in /proc again")?;
    limit_namespaces();
    isolate()?;
    let trees = users.or_open_here(plan, trees)?;
    let count = trees.len();
    stage(trees)?;

    let (mut wait, mut go) = pipe().step(|| "make a pipe")?;
    match sys::clone_sibling(INNER).step(|| "make the sandbox's namespaces")? {
        ForkResult::Parent { child } => {
            for kind in [Kind::Uid, Kind::Gid] {
                Map::identity(kind)?.write(kind, &child.to_string())?;
            }
            go.write_all(b".").step(|| "let PID 1 begin")?;
            // The last thing: whoever hears it may end us.
            announce.write_all(&child.as_raw().to_ne_bytes()).step(|| "announce PID 1")?;
            Ok(None)
        }
        ForkResult::Child => {
            drop((go, announce));
            wait.read_exact(&mut [0]).map_err(|_| Error::new("the outer process has died"))?;
            (0..count)
                .map(|number| bind_from(AT_FDCWD, &place(number)))
                .collect::<Result<_>>()
                .map(Some)
        }
    }
}

/// Mounts the trees where a copy of this mount namespace has them, too.
fn stage(trees: Vec<OwnedFd>) -> Result<()> {
    let nothing = None::<&str>;
    mount(Some("stage"), STAGE, Some("tmpfs"), MsFlags::empty(), nothing)
        .step(|| "mount a tmpfs for what is shown")?;
    let stage = Root::open(Path::new(STAGE))?;
    for (number, tree) in trees.iter().enumerate() {
        let path = place(number);
        let path = path.strip_prefix(STAGE).unwrap_or(&path);
        stage.place(tree.as_fd(), &Path::new("/").join(path), target_for(tree)?)?;
    }
    Ok(())
}

fn place(number: usize) -> PathBuf {
    Path::new(STAGE).join(number.to_string())
}

/// What a tree can be mounted on: a directory on a directory, a file on a file.
///
/// # Errors
/// If it cannot be looked at.
pub fn target_for(tree: &OwnedFd) -> Result<Target> {
    let stat = fstat(tree).step(|| "look at what is to be shown")?;
    let is_directory = stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFDIR.bits();
    Ok(if is_directory { Target::Directory } else { Target::File })
}

/// The limits of this user namespace count for all those below it together.
fn limit_namespaces() {
    for kind in Namespace::ALL.map(Namespace::name) {
        // Where /proc/sys is read-only, as in a container, those of the host must do.
        let _ = fs::write(format!("/proc/sys/user/max_{kind}_namespaces"), MOST_NAMESPACES);
    }
}
