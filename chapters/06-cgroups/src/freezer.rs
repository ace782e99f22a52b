//! A container that stands still: none of its processes gets any processor time.
//!
//! ```text
//!              v2                                  v1
//!   freeze     1 into cgroup.freeze                FROZEN into freezer.state
//!   has it?    frozen 1 in cgroup.events           FROZEN there; FREEZING until then
//!   thaw       0 into cgroup.freeze                THAWED into freezer.state
//! ```
//!
//! Each of its processes stops when it would next go back from the kernel to its program,
//! so that it takes a moment. Where a host has both, we take that of v2: who is frozen by it
//! can still be killed. Somebody else may have taken the other one, so both are thawed.

use std::fs;
use std::os::fd::BorrowedFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::write;
use process::{Error, Result, Step};

use crate::group::Group;
use crate::kill::PATIENCE;
use crate::{Groups, Version};

impl Groups {
    /// Stops all its processes, and those they would fork, and waits until they stand still.
    ///
    /// # Errors
    /// If this host has no freezer, or one of them does not stop within two seconds. Then
    /// all go on.
    pub fn freeze(&self) -> Result<()> {
        let group = self.freezer()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Once more each time: v1 asks for that, while it is FREEZING.
            set(group, "FROZEN", "1")?;
            if is_frozen(group)? {
                return Ok(());
            }
            if Instant::now() > deadline {
                set(group, "THAWED", "0")?;
                return Err(Error::from_errno(step(group), Errno::ETIMEDOUT));
            }
            sleep(Duration::from_micros(200));
        }
    }

    /// Lets them go on.
    ///
    /// # Errors
    /// If this host has no freezer.
    pub fn thaw(&self) -> Result<()> {
        self.freezer()?;
        self.freezers().into_iter().try_for_each(|group| set(group, "THAWED", "0"))
    }

    /// Whether all of them stand still.
    ///
    /// # Errors
    /// If this host has no freezer.
    pub fn is_frozen(&self) -> Result<bool> {
        self.freezer()?;
        let mut frozen = self.freezers().into_iter().map(is_frozen);
        frozen.try_fold(false, |others, this| Ok(others || this?))
    }

    /// That of v2 first.
    fn freezers(&self) -> Vec<&Group> {
        let has_file = |group: &&Group| group.dir.join(file(group)).exists();
        let mut groups: Vec<_> = self.made().filter(has_file).collect();
        groups.sort_by_key(|group| group.hierarchy.version == Version::V1);
        groups
    }

    fn freezer(&self) -> Result<&Group> {
        self.freezers().first().copied().ok_or_else(|| {
            Error::new("freeze a container: no cgroup of it has a freezer")
                .with_hint("lab cgroups shows which hierarchies are mounted where")
        })
    }
}

fn file(group: &Group) -> &'static str {
    match group.hierarchy.version {
        Version::V1 => "freezer.state",
        Version::V2 => "cgroup.freeze",
    }
}

fn set(group: &Group, v1: &str, v2: &str) -> Result<()> {
    let value = if group.hierarchy.version == Version::V1 { v1 } else { v2 };
    group.write(file(group), value).step(|| step(group))
}

fn is_frozen(group: &Group) -> Result<bool> {
    match group.hierarchy.version {
        Version::V1 => {
            let state = fs::read(group.dir.join("freezer.state")).step(|| step(group))?;
            Ok(state.trim_ascii() == b"FROZEN")
        }
        Version::V2 => Ok(group.field("cgroup.events", "frozen") == Some(1)),
    }
}

fn step(group: &Group) -> String {
    format!("freeze the cgroup {}", group.dir.display())
}

/// v1: lets the processes of one cgroup go on, as far as those above it do. One that is gone
/// meanwhile, or has no freezer, needs no help.
pub(crate) fn thaw(cgroup: BorrowedFd<'_>) {
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    if let Ok(file) = openat(cgroup, "freezer.state", flags, Mode::empty()) {
        let _ = write(&file, b"THAWED");
    }
}
