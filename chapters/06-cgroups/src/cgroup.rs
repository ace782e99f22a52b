//! A container's cgroup: one directory in every hierarchy, made, set and entered.
//!
//! The limits stand before the first process is in, and the process is in before it
//! does anything, so that nothing it ever allocates escapes the account:
//!
//! ```text
//!   runtime   mkdir lab-<id> … write memory.max …
//!      │
//!    clone ── v2: CLONE_INTO_CGROUP, the child is born inside
//!      │      v1: its first step is to write "0" into each `tasks`
//!      │
//!   child     unshare(CLONE_NEWCGROUP): here is "/"
//! ```
//!
//! In v1 the file is `tasks` and the writer is the child, for speed: it moves one
//! thread, itself. `cgroup.procs` moves all threads of a process, and for that the
//! kernel first holds back every fork, exec and exit on the host, which takes about
//! 10 ms. A child just cloned has one thread, so the result is the same.

use std::fs::File;
use std::io::Write;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use process::{Error, Result, State, Step};

use crate::group::Group;
use crate::{Groups, Limits, Record, Setting, Version, of_process};

/// A container's cgroup in every hierarchy. Dropping it removes it, see `remove.rs`.
#[must_use = "dropping the cgroup kills the processes in it"]
#[derive(Debug)]
pub struct Cgroup {
    pub(crate) groups: Groups,
    /// What was missing on the way to them.
    pub(crate) above: Vec<PathBuf>,
    tasks: Vec<File>,
    unified: Option<OwnedFd>,
    pub(crate) record: PathBuf,
    /// Why there is none.
    pub(crate) note: Option<String>,
}

/// Whatever can be done with any container's cgroup.
impl Deref for Cgroup {
    type Target = Groups;

    fn deref(&self) -> &Groups {
        &self.groups
    }
}

impl Cgroup {
    /// Makes it in every hierarchy and sets the limits.
    ///
    /// Without any limit it is made all the same, to measure what the container used.
    ///
    /// # Errors
    /// If a limit cannot be set, for whatever reason: none is ignored. Or if a cgroup is
    /// there already.
    pub fn create(limits: &Limits, state: &State) -> Result<Self> {
        limits.check_path()?;
        let settings = &limits.settings[..];
        let (mut places, note) = match of_process(Pid::this()) {
            // Without a limit, no cgroup is needed.
            Err(error) if settings.is_empty() => {
                (Vec::new(), Some(format!("no cgroup, so nothing of its use is told: {error}")))
            }
            places => (places?, None),
        };
        places.retain(|place| place.hierarchy.is_for_limits());
        let path = limits.path_of(state);
        let groups: Vec<_> = places.into_iter().map(|place| Group::new(place, &path)).collect();
        for setting in settings {
            setting.home(&groups)?;
        }
        let ours = || groups.iter().filter(|group| group.refusal.is_none());
        let record = Record {
            path: limits.path.clone(),
            above: ours().flat_map(Group::missing).collect(),
            dirs: ours().map(|group| group.dir.clone()).collect(),
        };
        // What is written down is removed, with all who are in it.
        if let Some(dir) = record.dirs.iter().find(|dir| dir.exists()) {
            let step = format!("make the cgroup {}", dir.display());
            return Err(Error::from_errno(step, Errno::EEXIST));
        }
        record.write(state)?;
        let mut cgroup = Self {
            groups: Groups(groups),
            above: record.above,
            tasks: Vec::new(),
            unified: None,
            record: state.dir().join(Record::NAME),
            note,
        };
        // From here on a failure drops `cgroup`, which removes what there is of it.
        match cgroup.make(settings) {
            Err(error) if settings.is_empty() && is_refusal(&error) => cgroup.stay_outside(),
            made => made?,
        }
        Ok(cgroup)
    }

    fn make(&mut self, settings: &[Setting]) -> Result<()> {
        for group in self.groups.0.iter_mut().filter(|group| group.refusal.is_none()) {
            group.make()?;
            match group.hierarchy.version {
                Version::V1 => self.tasks.push(group.open_tasks()?),
                Version::V2 => {
                    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                    let dir = open(&group.dir, flags, Mode::empty())
                        .step(|| format!("open {}", group.dir.display()))?;
                    self.unified = Some(dir);
                }
            }
        }
        if settings.is_empty() {
            // Where nothing was asked for, nothing is missing but the report.
            let _ = self.hand_down(settings);
        }
        self.set(settings)
    }

    /// An ordinary user may not make cgroups, and if no limit was asked for, need not.
    fn stay_outside(&mut self) {
        self.remove();
        self.tasks.clear();
        self.unified = None;
    }

    /// The v2 directory, for `CLONE_INTO_CGROUP`.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.unified.as_ref().map(AsFd::as_fd)
    }

    // ANCHOR: enter
    /// In the child, before anything else: joins the v1 hierarchies, and makes the
    /// cgroup the root of what the container sees.
    pub fn enter(&self) -> Result<()> {
        for mut tasks in &self.tasks {
            // "0" means whoever writes it.
            tasks.write_all(b"0").step(|| "join the cgroup")?;
        }
        // A cgroup namespace is rooted where its maker is *at that moment*. In the
        // flags of clone(2) that would be the parent's cgroup, even together with
        // CLONE_INTO_CGROUP: hence a step of its own, after joining.
        unshare(CloneFlags::CLONE_NEWCGROUP).step(|| "make a cgroup namespace")
    }
    // ANCHOR_END: enter
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.errno(), Some(Errno::EACCES | Errno::EPERM | Errno::EROFS))
}
