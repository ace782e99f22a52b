//! One of the two sides: a process, and what the kernel tells about it at once.

use anyhow::Result;
use nix::unistd::Pid;
use process::Namespace;

use super::mountinfo::{self, Mount};
use super::proc::{Namespaces, Proc, Status};
use super::row::Mark;

/// The process that stands for a side: `lab` itself for the host's.
#[derive(Debug)]
pub struct Side {
    /// Its files.
    pub process: Proc,
    /// Its `status` file, as it was at the beginning.
    pub status: Status,
    /// The namespaces it is in.
    pub namespaces: Namespaces,
    /// The mounts it can reach from its root.
    pub mounts: Vec<Mount>,
}

impl Side {
    /// Opens a process.
    ///
    /// # Errors
    /// If there is none, or we may not look into it.
    pub fn of(pid: Pid) -> Result<Self> {
        let process = Proc::open(pid)?;
        let namespaces = process.namespaces()?;
        let mounts = mountinfo::read(&process).unwrap_or_default();
        Ok(Self { status: process.status(), process, namespaces, mounts })
    }

    /// Whether the other side has a namespace of this kind for itself.
    pub fn compare(&self, other: &Self, kind: Namespace) -> Option<Mark> {
        Mark::compare(self.namespaces.get(&kind), other.namespaces.get(&kind))
    }
}
