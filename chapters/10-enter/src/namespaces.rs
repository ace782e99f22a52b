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
//!   is joined by who clones, and for the moment of the clone.
//! - **mnt**: with it, root and working directory become those of the namespace. A container
//!   may have another root (`enter.rs`).

use nix::errno::Errno;
use nix::sched::setns;
use nix::sys::stat::stat;
use process::{CloneFlags, Namespace, Result, Step, WayBack};

use crate::Target;

impl Target {
    /// Whether its namespace of a kind is another one than ours. A kernel that has none of
    /// this kind has nothing to join.
    ///
    /// # Errors
    /// If it has ended, or we may not look.
    pub fn has_own(&self, kind: Namespace) -> Result<bool> {
        let file = kind.file();
        let Ok(ours) = stat(format!("/proc/self/{file}").as_str()) else { return Ok(false) };
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

    // ANCHOR: pid
    /// In who clones: children are born in its PID namespace, until the guard is dropped.
    ///
    /// # Errors
    /// If the kernel does not let us.
    pub fn bear_children_in(&self, own: CloneFlags) -> Result<Option<WayBack>> {
        if !own.contains(CloneFlags::CLONE_NEWPID) {
            return Ok(None);
        }
        let back = match WayBack::to_own(Namespace::Pid) {
            // In a user namespace, the host's is not ours to come back to. Then all that we
            // clone later is born in there as well.
            Err(error) if error.errno() == Some(Errno::EPERM) => None,
            back => Some(back?),
        };
        setns(self.pidfd(), CloneFlags::CLONE_NEWPID)
            .step(|| format!("join the PID namespace of process {}", self.pid()))?;
        Ok(back)
    }
    // ANCHOR_END: pid

    // ANCHOR: join
    /// In the child: joins all others at once.
    ///
    /// # Errors
    /// If the kernel does not let us; then none is joined.
    pub fn join(&self, own: CloneFlags) -> Result<()> {
        let own = own.difference(CloneFlags::CLONE_NEWPID);
        if own.is_empty() {
            return Ok(());
        }
        setns(self.pidfd(), own).step(|| format!("join the namespaces of process {}", self.pid()))
    }
    // ANCHOR_END: join
}
