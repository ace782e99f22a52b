//! A process, looked at from both sides at once.

use anyhow::Result;
use nix::unistd::{Pid, getpid};
use process::Namespace;

use super::enter::Helper;
use super::model::View;
use super::observe::{
    capabilities, cgroup, look_around, mounts, namespaces, others, processes, users,
};
use super::row::{Mark, Row};
use super::side::Side;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// The first process of a container of ours.
    Container(Pid),
    /// Any process, whoever made it.
    Process(Pid),
}

impl Subject {
    /// Its number.
    pub fn pid(self) -> Pid {
        match self {
            Self::Container(pid) | Self::Process(pid) => pid,
        }
    }
}

/// Looks at a process from both sides.
///
/// The caller must have one thread only, because a helper is forked.
///
/// # Errors
/// If there is no such process, or we may not look into it. What goes wrong later is
/// not there in the view, but no error: containers end while one looks at them.
pub fn observe(subject: Subject) -> Result<View> {
    let container = Side::of(subject.pid())?;
    let host = Side::of(getpid())?;

    let helper = Helper::send(&host, &container)?; //   looks around over there
    let here = look_around(&host, |_| true, |_| ()); // while we do so over here
    let processes = processes::observe(&host, &container);
    let mounts = mounts::mounts(&host, &container);
    let users = users::observe(&host, &container);
    let capabilities = capabilities::observe(&host, &container);
    let namespaces = namespaces::observe(&host, &container);
    let others = others::observe(&host, &container, subject);
    let there = helper.report();

    let shares = |kind| host.compare(&container, kind);
    Ok(View {
        pid: subject.pid().as_raw(),
        name: container.status.name(),
        processes,
        hostname: Row {
            mark: shares(Namespace::Uts),
            host: here.hostname,
            container: there.hostname,
        },
        root: mounts::root(&host, &container, here.ground, there.ground),
        mounts,
        ipc: Row { mark: shares(Namespace::Ipc), host: here.ipc, container: there.ipc },
        network: Row { mark: shares(Namespace::Net), host: here.network, container: there.network },
        cgroup: cgroup::observe(&host, &container, there.cgroup.as_ref()),
        users,
        capabilities,
        namespaces,
        others,
        files_changed: Row {
            mark: there.changes.as_ref().map(|_| Mark::Own),
            host: None,
            container: there.changes,
        },
    })
}
