//! The program that the kernel itself starts, as root, when another one crashes.
//!
//! The setting is the whole machine's, and no sandbox has one of its own. So the attempt
//! stops where the kernel has said yes: the file is opened, and not written.

use std::fs::File;

use process::Step;

use crate::attack::attacker::mount_proc;
use crate::attack::target::Attack;

/// Which program that is.
const CORE_PATTERN: &str = "/proc/sys/kernel/core_pattern";

pub const ATTACK: Attack = Attack {
    name: "core-pattern",
    title: "set who is run at a crash",
    tries: "open /proc/sys/kernel/core_pattern for writing (nothing is written). The kernel \
            runs the program that is named there, on the host, as root.",
    why: "the file belongs to the host's root, and root of a user namespace is somebody else. \
          Chapter 9 also makes /proc/sys read-only.",
    reference: "core(5), user_namespaces(7)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        mount_proc();
        File::options()
            .write(true)
            .open(CORE_PATTERN)
            .step(|| format!("open {CORE_PATTERN} for writing"))?;
        Ok(format!("{CORE_PATTERN} can be written"))
    },
};
