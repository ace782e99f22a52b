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
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use process::{Error, Result, State, Step};

use crate::group::Group;
use crate::{Hierarchy, Setting, Version, of_process};

/// The record of a container's directories, one path a line.
pub(crate) const RECORD: &str = "cgroup";

/// A container's cgroup in every hierarchy. Dropping it removes it, see `remove.rs`.
#[must_use = "dropping the cgroup kills the processes in it"]
#[derive(Debug)]
pub struct Cgroup {
    /// Its directories, which exist if `is_made`.
    pub(crate) groups: Vec<Group>,
    /// The memory limit in bytes.
    pub(crate) memory: Option<u64>,
    /// Whether there is a cgroup at all; see [`Self::stay_outside`].
    pub(crate) is_made: bool,
    tasks: Vec<File>,
    unified: Option<OwnedFd>,
    pub(crate) record: PathBuf,
    /// Why there is none.
    pub(crate) note: Option<String>,
}

impl Cgroup {
    /// Makes `lab-<id>` in every hierarchy and sets the limits.
    ///
    /// Without any limit it is made all the same, to measure what the container used.
    ///
    /// # Errors
    /// If a limit cannot be set, for whatever reason: none is ignored.
    pub fn create(settings: &[Setting], state: &State) -> Result<Self> {
        let (mut places, note) = match of_process(Pid::this()) {
            // Who asks for no limit needs no cgroup.
            Err(error) if settings.is_empty() => {
                (Vec::new(), Some(format!("no cgroup, so nothing of its use is told: {error}")))
            }
            places => (places?, None),
        };
        places.retain(|place| place.hierarchy.is_for_limits());
        let groups = places.into_iter().map(|place| Group::new(place, state.id())).collect();
        let mut cgroup = Self {
            groups,
            memory: memory_limit(settings),
            is_made: false,
            tasks: Vec::new(),
            unified: None,
            record: state.dir().join(RECORD),
            note,
        };
        for setting in settings {
            setting.home(&cgroup.groups)?;
        }
        let dirs = cgroup.ours().map(|group| group.dir.as_os_str().as_bytes());
        let dirs: Vec<u8> = dirs.flat_map(|dir| [dir, &b"\n"[..]].concat()).collect();
        if dirs.is_empty() {
            return Ok(cgroup);
        }
        state.record(RECORD, dirs)?;
        cgroup.is_made = true;
        // From here on a failure drops `cgroup`, which removes what there is of it.
        match cgroup.make(settings) {
            Err(error) if settings.is_empty() && is_refusal(&error) => cgroup.stay_outside(),
            made => made?,
        }
        for setting in settings {
            setting.write(&cgroup.groups)?;
        }
        Ok(cgroup)
    }

    fn make(&mut self, settings: &[Setting]) -> Result<()> {
        let (tasks, unified) = (&mut self.tasks, &mut self.unified);
        for group in self.groups.iter().filter(|group| group.refusal.is_none()) {
            group.make()?;
            match group.hierarchy.version {
                Version::V1 => {
                    if group.hierarchy.has("cpuset") {
                        group.fill_cpuset()?;
                    }
                    tasks.push(group.open_tasks()?);
                }
                Version::V2 => {
                    enable(group, settings)?;
                    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                    let dir = open(&group.dir, flags, Mode::empty())
                        .step(|| format!("open {}", group.dir.display()))?;
                    *unified = Some(dir);
                }
            }
        }
        Ok(())
    }

    /// The directories that we may make.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.refusal.is_none())
    }

    /// An ordinary user may not make cgroups, and if no limit was asked for, need not.
    fn stay_outside(&mut self) {
        self.is_made = false;
        self.tasks.clear();
        self.unified = None;
    }

    /// Its directories, one in each hierarchy; none if it could not be made.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        let groups = if self.is_made { self.groups.as_slice() } else { &[] };
        groups.iter().map(|group| group.dir.as_path())
    }

    /// The v2 directory, for `CLONE_INTO_CGROUP`.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.unified.as_ref().map(AsFd::as_fd)
    }

    /// The directory of the v1 hierarchy that `controller` lives in, if there is one.
    pub fn dir_of(&self, controller: &str) -> Option<&Path> {
        let is_v1 = |tree: &Hierarchy| tree.version == Version::V1 && tree.has(controller);
        let group = self.ours().find(|group| is_v1(&group.hierarchy));
        group.filter(|_| self.is_made).map(|group| group.dir.as_path())
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

/// Hands down what the limits need, and what tells memory and processes apart.
fn enable(group: &Group, settings: &[Setting]) -> Result<()> {
    let mut controllers = vec!["memory", "pids"];
    controllers.extend(settings.iter().map(|setting| setting.v2.controller));
    controllers.retain(|name| group.hierarchy.has(name));
    controllers.sort_unstable();
    controllers.dedup();
    if controllers.is_empty() {
        return Ok(());
    }
    match group.enable(&controllers) {
        // Where nothing was asked for, nothing is missing but the report.
        Err(_) if settings.is_empty() => Ok(()),
        enabled => enabled,
    }
}

/// The one that the report needs again.
fn memory_limit(settings: &[Setting]) -> Option<u64> {
    let memory = settings.iter().find(|setting| setting.v2.file == "memory.max")?;
    memory.v2.value.parse().ok()
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.errno(), Some(Errno::EACCES | Errno::EPERM | Errno::EROFS))
}
