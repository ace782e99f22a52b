//! What there is to see, one file an aspect.
//!
//! Some facts the kernel tells about any process ([`processes`], [`mounts`], [`users`],
//! [`capabilities`], [`namespaces`], a cgroup's limits). Others it tells only to a
//! process that is *there*: what `uname` returns, which links netlink lists, depends on
//! the caller's own namespaces. For these [`look_around`] runs twice, once in `lab` for
//! the host's side, and once in a helper that has entered the container's namespaces.
//! The code is the same: what makes the two columns differ is the kernel.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use serde::{Deserialize, Serialize};

use self::changes::Changes;
use self::hostname::Hostname;
use self::ipc::Ipc;
use self::network::Network;
use super::proc::Status;
use super::side::Side;
use crate::namespace::Kind;

pub mod capabilities;
pub mod cgroup;
pub mod changes;
pub mod hostname;
pub mod ipc;
pub mod mountinfo;
pub mod mounts;
pub mod namespaces;
pub mod network;
pub mod processes;
pub mod users;

/// What can be seen only by standing there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// The names in this UTS namespace.
    pub hostname: Option<Hostname>,
    /// The objects in this IPC namespace.
    pub ipc: Option<Ipc>,
    /// This network namespace.
    pub network: Option<Network>,
    /// The process's cgroups, as this cgroup namespace has them.
    pub cgroup: Option<cgroup::Places>,
    /// What the process's root is.
    pub ground: Option<Ground>,
    /// What is in the upper layer, if the root is an overlay.
    pub changes: Option<Changes>,
}

/// The identity of a root directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// `st_dev`.
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
    /// The number of the mount that it is on.
    pub mount: u64,
}

/// Looks at what a side's process has around it, from where we stand.
///
/// `stands_in` tells whether we are in its namespace of that kind. What needs nothing
/// but the kernel comes first and is published first: the rest touches the container's
/// file systems, and these may be made so as never to answer.
pub fn look_around(
    side: &Side,
    stands_in: impl Fn(Kind) -> bool,
    mut publish: impl FnMut(&Surroundings),
) -> Surroundings {
    let mut seen = Surroundings {
        hostname: stands_in(Kind::Uts).then(hostname::here).flatten(),
        ipc: stands_in(Kind::Ipc).then(ipc::here).flatten(),
        network: stands_in(Kind::Net).then(network::here).flatten(),
        cgroup: stands_in(Kind::Cgroup).then(|| cgroup::here(&side.process)).flatten(),
        ..Surroundings::default()
    };
    publish(&seen);
    if let Ok(root) = side.process.file("root", OFlag::O_PATH | OFlag::O_DIRECTORY) {
        seen.ground = ground(&root);
        publish(&seen);
        if let Some(ipc) = &mut seen.ipc {
            ipc.posix_queues = ipc::posix_queues(&root, &side.mounts);
        }
        publish(&seen);
    }
    seen
}

/// O_PATH has opened no file, only named it; these two calls ask no more either.
fn ground(root: &OwnedFd) -> Option<Ground> {
    let stat = fstat(root).ok()?;
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", root.as_raw_fd())).ok()?;
    let mount = Status(info).number("mnt_id")?;
    Some(Ground { device: stat.st_dev, inode: stat.st_ino, mount })
}
