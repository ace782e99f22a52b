//! What this process may do, which is not who it is.
//!
//! The kernel asks for capabilities, capabilities(7). Root has all of them on a host; in
//! somebody else's container it has a few, and CAP_SYS_ADMIN is not among them: this root
//! may make no namespace but a user namespace, as everybody may.

use nix::unistd::geteuid;

use crate::sys;

/// linux/capability.h.
const CAP_SYS_ADMIN: u32 = 21;

/// What to tell a root that lacks it.
pub const POWERLESS_ROOT: &str = "this root lacks CAP_SYS_ADMIN, as in a container";

/// How a root in a container gets it, or a user namespace in which it has it.
pub const MORE_POWER: &str = "docker run --privileged, or with both \
    --security-opt seccomp=unconfined and --security-opt systempaths=unconfined";

/// Whether this process makes containers as the root of a host does: it is root, in
/// whichever user namespace, and has the power of one.
pub fn is_privileged() -> bool {
    geteuid().is_root() && sys::has_capability(CAP_SYS_ADMIN) == Ok(true)
}
