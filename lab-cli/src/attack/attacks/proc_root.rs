//! A link of /proc that leads to another process's root directory.

use crate::attack::attacker::{A_FILE, mount_proc, read_path};
use crate::attack::places::CANARY;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "proc-root",
    title: "read a file through /proc/1/root",
    tries: "mount a /proc, and follow the link to the root directory of process 1.",
    why: "as long as process 1 is the host's, its root is too, whatever our own root is. In a \
          PID namespace of its own the container's process 1 has the container's root.",
    reference: "proc_pid_root(5)",
    stopped_by: 2,
    run: |target| Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, A_FILE)),
    inside: |_| {
        mount_proc();
        read_path(&format!("/proc/1/root{CANARY}"))
    },
};
