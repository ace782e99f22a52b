//! What the kernel has to say of the host.

use process::Step;

use crate::attack::sys;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "kernel-log",
    title: "read the kernel's log",
    tries: "read it with syslog(2): addresses, devices, what other programs crashed.",
    why: "where kernel.dmesg_restrict is 1 it takes CAP_SYSLOG over the host; where it is 0 \
          anybody may, and only chapter 9's filter of system calls stands in the way.",
    reference: "syslog(2)",
    stopped_by: 9,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        sys::kernel_log().step(|| "read the kernel's log")?;
        Ok("it has read the host's kernel log".to_owned())
    },
};
