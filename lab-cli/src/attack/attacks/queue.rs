//! A message that was meant for a program of the host.

use std::ffi::CStr;

use process::Step;

use crate::attack::sys;
use crate::attack::target::Attack;

/// What the host's queue is called.
const NAME: &CStr = c"/lab-canary";

pub const ATTACK: Attack = Attack {
    name: "queue",
    title: "read the host's message queue",
    tries: "open a POSIX message queue by its name, and take a message out.",
    why: "the names belong to the IPC namespace, too.",
    reference: "ipc_namespaces(7), mq_overview(7)",
    stopped_by: 4,
    run: |target| {
        let queue = sys::make_queue(NAME, target.secret).step(|| "make a queue")?;
        let said = target.attack::<&str>(&[], &[]);
        drop(queue);
        sys::remove_queue(NAME);
        Ok(said?.has_read(target.secret, "the message"))
    },
    inside: |_| sys::read_queue(NAME).step(|| "open the host's queue"),
};
