//! Memory that programs of the host share by a key.

use process::Step;

use crate::attack::sys;
use crate::attack::target::Attack;

/// The key of the segment.
const KEY: i32 = 0x6c61_6231;

pub const ATTACK: Attack = Attack {
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
