//! A short stay in somebody else's namespace, or in a new one: `setns(2)`.
//!
//! We do not want to live there, only to have a child that does, which is born where its
//! parent is:
//!
//! ```text
//!   WayBack::to_own    our own namespace, held open
//!   setns, unshare     our next children are born elsewhere; mostly we are there ourselves
//!   clone              the child stays
//!   dropped            and we are back
//! ```
//!
//! This needs CAP_SYS_ADMIN over both namespaces, and a process of one thread. There is no
//! such way back from two kinds. Who enters a mount namespace loses its root and working
//! directory, and who enters a user namespace its power over the one it comes from. So these
//! are for the child to enter, after its birth, or for somebody who is sent: `birth.rs`.

use std::fs::File;

use nix::sched::setns;

use crate::{Namespace, Result, Step};

/// The way back to our own namespace of a kind, which is taken when this is dropped.
#[must_use = "dropping it leads back at once"]
#[derive(Debug)]
pub struct WayBack {
    kind: Namespace,
    own: File,
}

impl WayBack {
    /// Remembers where our children are born.
    ///
    /// # Errors
    /// If this kernel has no such namespaces, or ours is not for us to come back to.
    pub fn to_own(kind: Namespace) -> Result<Self> {
        let path = format!("/proc/self/{}", kind.file_for_children());
        let own = File::open(&path).step(|| format!("open {path}"))?;
        // Tried while we are still there. In a user namespace, our own may belong to the one
        // outside: then we could leave it, and not come back.
        setns(&own, kind.flag()).step(|| format!("join our own namespace {path}"))?;
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
