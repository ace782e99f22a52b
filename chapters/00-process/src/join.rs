//! Being born in somebody else's namespaces: `setns(2)`.
//!
//! A namespace is a file: `/proc/4711/ns/net`, or any place that somebody has bound it to.
//! Whoever has it open can move in. We do not want to live there, only to have a child
//! that does, which is born where its parent is:
//!
//! ```text
//!   setns(theirs)      our next children are born there; mostly we are there ourselves
//!   clone              the child stays
//!   setns(our own)     and we are back
//! ```
//!
//! This needs CAP_SYS_ADMIN over both namespaces, and a process of one thread. There is no
//! such way back from two kinds, which are therefore not here. Who enters a mount namespace
//! loses its root and working directory, and who enters a user namespace its power over
//! the one it comes from. So these are for the child to enter, after its birth.

use std::fs::File;
use std::path::PathBuf;

use nix::sched::setns;
use serde::{Deserialize, Serialize};

use crate::{CloneFlags, Result, Step};

/// The kinds of namespaces from which there is a way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What is seen of the cgroups.
    Cgroup,
    /// Message queues and shared memory.
    Ipc,
    /// Links, addresses, ports.
    Network,
    /// Process ids. We stay in our own: only children are born elsewhere.
    Pid,
    /// The offsets of clocks.
    Time,
    /// Host and domain name.
    Uts,
}

impl Kind {
    /// Its flag, of clone(2) and setns(2).
    pub fn flag(self) -> CloneFlags {
        match self {
            Self::Cgroup => CloneFlags::CLONE_NEWCGROUP,
            Self::Ipc => CloneFlags::CLONE_NEWIPC,
            Self::Network => CloneFlags::CLONE_NEWNET,
            Self::Pid => CloneFlags::CLONE_NEWPID,
            // nix does not have it: linux/sched.h.
            Self::Time => CloneFlags::from_bits_retain(libc::CLONE_NEWTIME),
            Self::Uts => CloneFlags::CLONE_NEWUTS,
        }
    }

    /// The file of our own, into which our children are born.
    fn own(self) -> &'static str {
        match self {
            Self::Cgroup => "/proc/self/ns/cgroup",
            Self::Ipc => "/proc/self/ns/ipc",
            Self::Network => "/proc/self/ns/net",
            Self::Pid => "/proc/self/ns/pid_for_children",
            Self::Time => "/proc/self/ns/time",
            Self::Uts => "/proc/self/ns/uts",
        }
    }
}

/// Somebody's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Of which kind it is.
    pub kind: Kind,
    /// Where it is found.
    pub path: PathBuf,
}

impl Namespace {
    /// Joins it: whoever is cloned from now on is born in there, until the guard is dropped.
    ///
    /// # Errors
    /// If there is none of this kind, or the kernel does not let us in. We are where we were
    /// then.
    pub fn join(&self) -> Result<WayBack> {
        let path = self.path.display();
        let theirs = File::open(&self.path).step(|| format!("open the namespace {path}"))?;
        let back = WayBack::to_own(self.kind)?;
        setns(theirs, self.kind.flag()).step(|| format!("join the namespace {path}"))?;
        Ok(back)
    }
}

/// The way back to our own namespace of a kind, which is taken when this is dropped.
#[must_use = "dropping it leads back at once"]
#[derive(Debug)]
pub struct WayBack {
    kind: Kind,
    own: File,
}

impl WayBack {
    /// Remembers where we are.
    ///
    /// # Errors
    /// If this kernel has no such namespaces, or ours is not for us to come back to.
    pub fn to_own(kind: Kind) -> Result<Self> {
        let own = File::open(kind.own()).step(|| format!("open {}", kind.own()))?;
        // Tried while we are still there. In a user namespace, our own may belong to the one
        // outside: then we could leave it, and not come back.
        setns(&own, kind.flag()).step(|| format!("join our own namespace {}", kind.own()))?;
        Ok(Self { kind, own })
    }
}

impl Drop for WayBack {
    fn drop(&mut self) {
        // All that follows is meant for where we come from. Whoever is stuck elsewhere must
        // not go on; what is written down of the container is removed by the next one.
        if setns(&self.own, self.kind.flag()).is_err() {
            std::process::abort();
        }
    }
}
