//! Attacks on the host's name and on its objects of interprocess communication.

use std::ffi::CStr;

use nix::unistd::{gethostname, sethostname};
use process::Step;

use crate::attack::{Attack, sys};

/// The key of the segment and the name of the queue.
const KEY: i32 = 0x6c61_6231;
const QUEUE_NAME: &CStr = c"/lab-canary";

/// How the attacker calls the host.
const CONQUERED: &str = "conquered";

pub const HOSTNAME: Attack = Attack {
    name: "hostname",
    title: "rename the host",
    tries: "set the host name.",
    why: "the name belongs to the UTS namespace, and the container has one of its own.",
    reference: "uts_namespaces(7)",
    stopped_by: 4,
    run: |target| {
        let said = target.attack::<&str>(&[], &[])?;
        let name = gethostname().step(|| "read the host name")?;
        Ok(said.judged(name == CONQUERED, "the host is called \"conquered\""))
    },
    inside: |_| {
        sethostname(CONQUERED).step(|| "set the host name")?;
        Ok("renamed".to_owned())
    },
};

pub const SHARED_MEMORY: Attack = Attack {
    name: "shared-memory",
    title: "read the host's shared memory",
    tries: "attach a System V segment by its key, as databases use them.",
    why: "keys are looked up in the IPC namespace, and the container has one of its own.",
    reference: "ipc_namespaces(7), shmget(2)",
    stopped_by: 4,
    run: |target| {
        let id = sys::make_segment(KEY, target.secret).step(|| "make a segment")?;
        let said = target.attack::<&str>(&[], &[]);
        sys::remove_segment(id);
        Ok(said?.has_read(target.secret, "the segment"))
    },
    inside: |_| sys::read_segment(KEY).step(|| "attach the host's segment"),
};

pub const QUEUE: Attack = Attack {
    name: "queue",
    title: "read the host's message queue",
    tries: "open a POSIX message queue by its name, and take a message out.",
    why: "the names belong to the IPC namespace, too.",
    reference: "ipc_namespaces(7), mq_overview(7)",
    stopped_by: 4,
    run: |target| {
        let queue = sys::make_queue(QUEUE_NAME, target.secret).step(|| "make a queue")?;
        let said = target.attack::<&str>(&[], &[]);
        drop(queue);
        sys::remove_queue(QUEUE_NAME);
        Ok(said?.has_read(target.secret, "the message"))
    },
    inside: |_| sys::read_queue(QUEUE_NAME).step(|| "open the host's queue"),
};
