//! The keys that command the kernel itself: `b` reboots at once, `c` crashes.
//!
//! They are the real machine's: the file is opened, and not written.

use std::fs::File;

use process::Step;

use crate::attack::attacker::mount_proc;
use crate::attack::target::Attack;

/// A character written to it is such a key.
const TRIGGER: &str = "/proc/sysrq-trigger";

pub const ATTACK: Attack = Attack {
    name: "sysrq",
    title: "command the kernel to crash",
    tries: "open /proc/sysrq-trigger for writing (nothing is written): one letter would crash \
            the machine, another reboot it without saving a file.",
    why: "the file belongs to the host's root, and root of a user namespace is somebody else. \
          Chapter 9 also makes it read-only.",
    reference: "proc_sysrq-trigger(5)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        mount_proc();
        let file = File::options().write(true).open(TRIGGER);
        file.step(|| format!("open {TRIGGER} for writing"))?;
        Ok(format!("{TRIGGER} can be written"))
    },
};
