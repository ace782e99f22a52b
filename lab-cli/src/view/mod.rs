//! The side-by-side view: what the host sees, and what the container sees.
//!
//! ```text
//!               host                    container
//!   processes   87, this one is 4242    1, this one is 1       own
//!   network     lo, eth0 192.0.2.2/24   lo, eth0 192.0.2.2/24  shared
//!               └ read by lab           └ read by a helper of lab's which stands in
//!                                         the container's namespaces, or in the
//!                                         kernel's own files about the process
//! ```
//!
//! Nothing in it is written down anywhere: run it twice and it is observed twice. The
//! mark in the third column compares kernel facts, such as two namespaces' inode
//! numbers, and not the two columns. Looking changes nothing and leaves no trace in
//! the container: no process id used up, no access time changed, nothing executed.
//!
//! `lab view --json` prints all of it: an object with an entry for each aspect, and in
//! each the same three fields. [`model`] and the files in `observe/` have the rest.
//!
//! ```json
//! { "pid": 4242, "name": "sh",
//!   "hostname": { "mark": "own",
//!                 "host":      { "hostname": "vm", "domainname": "(none)" },
//!                 "container": { "hostname": "3f9c0a1b2c4d", "domainname": "(none)" } },
//!   "network":  { "mark": "shared", "host": …, "container": … }, … }
//! ```
//!
//! Start with [`observe`](observe()), then [`enter`] and one of the aspects;
//! [`render`](render()) turns the view into text.

use anyhow::Result;
use nix::unistd::{Pid, getpid};

mod block;
mod command;
mod enter;
pub mod model;
pub mod observe;
pub mod proc;
mod render;
mod row;
mod side;
mod text;
mod watch;
mod words;

pub use command::{Args, run, width};
pub use model::View;
pub use observe::cgroup::Limits;
pub use render::{Detail, render};
pub use text::Text;

pub use enter::{in_copy_of_mounts, standing_in};

use enter::Helper;
use observe::{capabilities, cgroup, look_around, mounts, namespaces, processes, users};
use row::{Mark, Row};
use side::Side;

use crate::namespace::Kind;

/// Looks at a process from both sides.
///
/// The caller must have one thread only, because a helper is forked.
///
/// # Errors
/// If there is no such process, or we may not look into it. What goes wrong later is
/// not there in the view, but no error: containers end while one looks at them.
pub fn observe(pid: Pid) -> Result<View> {
    let container = Side::of(pid)?;
    let host = Side::of(getpid())?;

    let helper = Helper::send(&host, &container)?; //   looks around over there
    let here = look_around(&host, |_| true, |_| ()); // while we do so over here
    let processes = processes::observe(&host, &container);
    let mounts = mounts::mounts(&host, &container);
    let users = users::observe(&host, &container);
    let capabilities = capabilities::observe(&host, &container);
    let namespaces = namespaces::observe(&host, &container);
    let there = helper.report();

    let shares = |kind| host.compare(&container, kind);
    Ok(View {
        pid: pid.as_raw(),
        name: container.status.name(),
        processes,
        hostname: Row { mark: shares(Kind::Uts), host: here.hostname, container: there.hostname },
        root: mounts::root(&host, &container, here.ground, there.ground),
        mounts,
        ipc: Row { mark: shares(Kind::Ipc), host: here.ipc, container: there.ipc },
        network: Row { mark: shares(Kind::Net), host: here.network, container: there.network },
        cgroup: cgroup::observe(&host, &container, there.cgroup.as_ref()),
        users,
        capabilities,
        namespaces,
        files_changed: Row {
            mark: there.changes.as_ref().map(|_| Mark::Own),
            host: None,
            container: there.changes,
        },
    })
}
