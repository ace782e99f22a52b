//! What this process may do, which is not who it is.
//!
//! The kernel asks for capabilities, capabilities(7). Root has all of them on a host; in
//! somebody else's container it has a few, and CAP_SYS_ADMIN is not among them: this root
//! may make no namespace but a user namespace, as everybody may.

use std::fs;

use nix::unistd::geteuid;

use crate::{Result, Step, sys};

/// linux/capability.h.
const CAP_SYS_ADMIN: u32 = 21;

/// What to tell a root that lacks it.
pub const POWERLESS_ROOT: &str = "this root lacks CAP_SYS_ADMIN, as in a container";

/// How a root in a container gets it, or a user namespace in which it has it.
pub const MORE_POWER: &str = "docker run --privileged, or with both \
    --security-opt seccomp=unconfined and --security-opt systempaths=unconfined";

/// Whether this process makes containers as the root of a host does: it is root, in
/// whichever user namespace, and has the power of one. A root that is not told tries: what it
/// may not do, the kernel refuses.
pub fn is_privileged() -> bool {
    geteuid().is_root() && capability(CAP_SYS_ADMIN).unwrap_or(true)
}

/// Whether it is known to have the capability of this number in effect.
pub(crate) fn has_capability(number: u32) -> bool {
    capability(number).unwrap_or(false)
}

fn capability(number: u32) -> nix::Result<bool> {
    sys::capget().map(|ours| ours.effective & (1 << number) != 0)
}

/// Whether user ids are the host's own here: its first user namespace maps every one to
/// itself, user_namespaces(7). In one that somebody has made, they stand for others.
///
/// # Errors
/// If there is no /proc to read that from.
pub fn has_hosts_ids() -> Result<bool> {
    let map = fs::read_to_string("/proc/self/uid_map").step(|| "read /proc/self/uid_map")?;
    Ok(map.split_whitespace().eq(["0", "0", "4294967295"]))
}
