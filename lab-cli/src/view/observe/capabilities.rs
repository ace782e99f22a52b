//! Capabilities: the parts into which Linux has split root's power.
//!
//! A process has several sets. *Effective* is what it may do at this moment, and is
//! empty for every ordinary user. *Bounding* is what it, or a program it executes,
//! could ever get: that set is what a runtime takes away from a container, so the
//! mark rests on it. In a user namespace of its own all capabilities are of another
//! kind altogether: they count for what belongs to that namespace and nothing else.

use process::Namespace;
use serde::Serialize;

use crate::view::proc::Status;
use crate::view::row::{Mark, Row};
use crate::view::side::Side;
use crate::view::words::Words;

/// What a process may do that others may not; capabilities(7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Those that it has now, as `net_admin`.
    pub effective: Vec<String>,
    /// Those that it could ever have.
    pub bounding: Vec<String>,
    /// Whether it can never gain any by executing a file.
    pub no_new_privs: bool,
    /// Whether a seccomp filter watches its system calls.
    pub seccomp: bool,
}

/// linux/capability.h, by number.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Our own capabilities, and the process's.
pub fn observe(host: &Side, container: &Side) -> Row<Capabilities> {
    let user = host.compare(container, Namespace::User);
    let (host, container) = (read(&host.status), read(&container.status));
    let mark = match user {
        Some(Mark::Own) => Some(Mark::Own),
        _ => Mark::compare(
            host.as_ref().map(|host| &host.bounding),
            container.as_ref().map(|container| &container.bounding),
        ),
    };
    Row { mark, host, container }
}

fn read(status: &Status) -> Option<Capabilities> {
    let set = |field| Some(names(u64::from_str_radix(status.field(field)?, 16).ok()?));
    Some(Capabilities {
        effective: set("CapEff")?,
        bounding: set("CapBnd")?,
        no_new_privs: status.field("NoNewPrivs") == Some("1"),
        seccomp: status.field("Seccomp").is_some_and(|mode| mode != "0"),
    })
}

/// The names of the bits; a newer kernel's have a number only.
fn names(bits: u64) -> Vec<String> {
    let name =
        |bit: usize| NAMES.get(bit).map_or_else(|| format!("cap_{bit}"), |&name| name.into());
    (0..64).filter(|bit| bits & (1 << bit) != 0).map(name).collect()
}

impl Words for Capabilities {
    fn brief(&self) -> String {
        match (self.effective.len(), self.bounding.len()) {
            (effective, bounding) if effective == bounding => {
                format!("{effective} of {}", NAMES.len())
            }
            (effective, bounding) => format!("{effective} now, {bounding} at most"),
        }
    }

    fn full(&self) -> Vec<String> {
        let mut lines = vec![format!("{} effective", self.effective.len())];
        if self.effective != self.bounding {
            lines[0] += &format!(": {}", list(&self.effective));
        }
        lines.push(format!("{} at most: {}", self.bounding.len(), list(&self.bounding)));
        if self.no_new_privs {
            lines.push("no new privileges".to_owned());
        }
        if self.seccomp {
            lines.push("system calls filtered (seccomp)".to_owned());
        }
        lines
    }
}

/// The names, or the missing ones if these are fewer.
fn list(names: &[String]) -> String {
    let is_missing = |name: &&str| !names.iter().any(|there| there == name);
    let missing: Vec<&str> = NAMES.into_iter().filter(is_missing).collect();
    match (names.len(), missing.len()) {
        (0, _) => "none".to_owned(),
        (_, 0) => "all".to_owned(),
        (there, missing_count) if missing_count < there => format!("all but {}", missing.join(" ")),
        _ => names.join(" "),
    }
}
