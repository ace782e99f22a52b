//! The names that the kernel gives a process: host and domain name.

use super::scene::{Look, Scene, Seen, Subject};
use crate::view;
use crate::view::observe::hostname::Hostname;

pub const LOOKS: &[Look] = &[
    // the host name in its UTS namespace
    Look {
        name: "hostname",
        run: |_, subject, _| name(subject, |names| names.hostname.to_string()),
    },
    // the domain name in there
    Look { name: "domainname", run: |_, it, _| name(it, |names| names.domainname.to_string()) },
    // the System V queues, segments and semaphores in its IPC namespace, as a number
    Look { name: "ipc objects", run: ipc_objects },
];

fn name(subject: &Subject, which: impl Fn(&Hostname) -> String) -> Seen {
    let at = format!("uname in the UTS namespace of process {}", subject.pid);
    match view::observe(view::Subject::Process(subject.pid)).map(|view| view.hostname.container) {
        Ok(Some(names)) => Seen::text(at, which(&names)),
        Ok(None) => Seen::nothing(at, "it cannot be entered"),
        Err(why) => Seen::nothing(at, why.to_string()),
    }
}

fn ipc_objects(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = format!("the IPC namespace of process {}", subject.pid);
    match view::observe(view::Subject::Process(subject.pid)).map(|view| view.ipc.container) {
        Ok(Some(ipc)) => Seen::text(
            at,
            (ipc.message_queues + ipc.semaphore_sets + ipc.shared_segments).to_string(),
        ),
        Ok(None) => Seen::nothing(at, "it cannot be entered"),
        Err(why) => Seen::nothing(at, why.to_string()),
    }
}
