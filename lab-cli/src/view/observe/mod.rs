//! What there is to see, one file an aspect.
//!
//! Some facts the kernel tells about any process ([`processes`], [`mounts`], [`users`],
//! [`capabilities`], [`namespaces`], a cgroup's limits). Others it tells only to a
//! process that is *there*: what `uname` returns, which links netlink lists, depends on
//! the caller's own namespaces. For these [`look_around`] runs twice, once in `lab` for
//! the host's side, and once in a helper that has entered the container's namespaces.
//! The code is the same: what makes the two columns differ is the kernel.

use nix::fcntl::OFlag;
use process::Namespace;
use serde::{Deserialize, Serialize};

use self::changes::Changes;
use self::ground::Ground;
use self::hostname::Hostname;
use self::ipc::Ipc;
use self::network::Network;
use super::side::Side;

pub mod capabilities;
pub mod cgroup;
pub mod changes;
pub mod ground;
pub mod hostname;
pub mod ipc;
pub mod mounts;
pub mod namespaces;
pub mod network;
pub mod others;
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

/// Looks at what a side's process has around it, from where we stand.
///
/// `stands_in` tells whether we are in its namespace of that kind. The facts that need
/// nothing but the kernel come first and are published first: the rest touches the
/// container's file systems, and these may be made so as never to answer.
pub fn look_around(
    side: &Side,
    stands_in: impl Fn(Namespace) -> bool,
    mut publish: impl FnMut(&Surroundings),
) -> Surroundings {
    let mut seen = Surroundings {
        hostname: stands_in(Namespace::Uts).then(hostname::here).flatten(),
        ipc: stands_in(Namespace::Ipc).then(ipc::here).flatten(),
        network: stands_in(Namespace::Net).then(network::here).flatten(),
        cgroup: stands_in(Namespace::Cgroup).then(|| cgroup::here(&side.process)).flatten(),
        ..Surroundings::default()
    };
    publish(&seen);
    if let Ok(root) = side.process.file("root", OFlag::O_PATH | OFlag::O_DIRECTORY) {
        seen.ground = Ground::of(&root);
        publish(&seen);
        if let Some(ipc) = &mut seen.ipc {
            ipc.posix_queues = ipc::posix_queues(&root, &side.mounts);
        }
        publish(&seen);
    }
    seen
}
