//! What is known of both sides. The field names are the JSON schema of `--json`.
//!
//! Every aspect is a [`Row`]: what the host sees, what the container sees, and whether
//! the two are one thing. `null` is what could not be observed: the process has just
//! ended, the kernel lacks the feature, or we may not look.

use serde::Serialize;

use super::observe::capabilities::Capabilities;
use super::observe::cgroup::Cgroup;
use super::observe::changes::Changes;
use super::observe::hostname::Hostname;
use super::observe::ipc::Ipc;
use super::observe::mounts::{Mounts, Root};
use super::observe::network::Network;
use super::observe::others::Others;
use super::observe::processes::Processes;
use super::observe::users::Users;
use super::proc::Namespaces;
use super::row::Row;
use super::text::Text;

/// Both sides of one container, or of any process.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// The process that was looked at, as the host numbers it.
    pub pid: i32,
    /// That process's name, `comm` in proc(5).
    pub name: Text,
    /// Who is there; own with another PID namespace.
    pub processes: Row<Processes>,
    /// What it is called; own with another UTS namespace.
    pub hostname: Row<Hostname>,
    /// The directory that `/` means; own if it is another directory.
    pub root: Row<Root>,
    /// What is mounted where; own with another mount namespace.
    pub mounts: Row<Mounts>,
    /// IPC objects; own with another IPC namespace.
    pub ipc: Row<Ipc>,
    /// Links, addresses, routes; own with another network namespace.
    pub network: Row<Network>,
    /// Limits and usage; own if any hierarchy has it in another cgroup than ours.
    pub cgroup: Row<Cgroup>,
    /// Users and what they are outside; own with another user namespace.
    pub users: Row<Users>,
    /// What root may do; own if the bounding set or the user namespace differs.
    pub capabilities: Row<Capabilities>,
    /// The namespaces' inode numbers; own if any of them differs.
    pub namespaces: Row<Namespaces>,
    /// Other containers in the same namespaces, by kind: whose they are, and who else has
    /// joined them. Nobody is listed for what the host shares with all.
    pub others: Others,
    /// Files written since the start; only of a root that is an overlay. Never on the
    /// host's side.
    pub files_changed: Row<Changes>,
}
