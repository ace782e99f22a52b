//! Which namespaces of a process are its own, and how they are joined: setns(2).
//!
//! A namespace that is ours as well needs no joining, and one's own user namespace cannot
//! be joined: that is an error. Whether it is the same is told by the inode of its file,
//! namespaces(7).
//!
//! By a pidfd, all that are asked for are joined by one call, or none of them (5.8). The
//! kernel takes the user namespace first: as its root, one has power over the others, which
//! belong to it. Two kinds are special:
//!
//! - **pid**: nobody moves into another PID namespace, only children are born there. So it
//!   is joined by who clones (`enter.rs`).
//! - **mnt**: with it, root and working directory become those of the namespace. A container
//!   may have another root (`enter.rs`).

use nix::errno::Errno;
use nix::sched::setns;
use nix::sys::stat::stat;
use process::{CloneFlags, Namespace, Result, Step};

use crate::Target;

impl Target {
    /// Whether its namespace of a kind is another one than ours. A kernel that has none of
    /// this kind has nothing to join.
    ///
    /// # Errors
    /// If it has ended, or we may not look.
    pub fn has_own(&self, kind: Namespace) -> Result<bool> {
        let file = kind.file();
        let path = format!("/proc/self/{file}");
        let ours = match stat(path.as_str()) {
            Err(Errno::ENOENT) => return Ok(false),
            found => found.step(|| format!("look at {path}"))?,
        };
        let theirs = self.stat(file)?;
        Ok((ours.st_dev, ours.st_ino) != (theirs.st_dev, theirs.st_ino))
    }

    /// The flags of all such kinds.
    ///
    /// # Errors
    /// As [`Self::has_own`].
    pub fn own_namespaces(&self) -> Result<CloneFlags> {
        let mut own = CloneFlags::empty();
        for kind in Namespace::ALL {
            if self.has_own(kind)? {
                own |= kind.flag();
            }
        }
        Ok(own)
    }

    // ANCHOR: join
    /// Joins these kinds at once.
    ///
    /// # Errors
    /// If the kernel does not let us; then none is joined.
    pub fn join(&self, kinds: CloneFlags) -> Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        setns(self.pidfd(), kinds).step(|| format!("join the namespaces of process {}", self.pid()))
    }
    // ANCHOR_END: join
}
