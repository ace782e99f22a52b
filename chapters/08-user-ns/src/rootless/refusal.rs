//! Why a user namespace was refused, and what an administrator can do about it.
//!
//! The kernel has had them for ordinary users since Linux 3.8, and they are its most
//! debated feature: whatever only root could reach before, bugs included, anybody can
//! reach in one. So there are several switches, each with its own distribution.

use std::fs;

use nix::errno::Errno;
use nix::unistd::geteuid;
use process::{Error, MORE_POWER, POWERLESS_ROOT};

/// A setting that keeps ordinary users from user namespaces.
struct Switch {
    file: &'static str,
    refuses: &'static str,
    why: &'static str,
    fix: &'static str,
}

const SWITCHES: [Switch; 3] = [
    Switch {
        file: "/proc/sys/kernel/unprivileged_userns_clone",
        refuses: "0",
        why: "this host keeps user namespaces to root",
        fix: "sudo sysctl kernel.unprivileged_userns_clone=1",
    },
    Switch {
        file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        refuses: "1",
        why: "AppArmor takes the power from ordinary users' namespaces",
        fix: "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    },
    Switch {
        file: "/proc/sys/user/max_user_namespaces",
        refuses: "0",
        why: "this host allows no user namespaces",
        fix: "sudo sysctl user.max_user_namespaces=10000",
    },
];

/// Adds what keeps us from it, and what would allow it.
pub(super) fn explain(error: Error) -> Error {
    let is_off = |switch: &&Switch| {
        fs::read_to_string(switch.file).is_ok_and(|value| value.trim() == switch.refuses)
    };
    let is_root = geteuid().is_root();
    match SWITCHES.iter().find(is_off) {
        Some(switch) if is_root => {
            let fix = switch.fix.trim_start_matches("sudo ");
            error.with_hint(format!("{}: {fix}", switch.why))
        }
        Some(switch) => {
            error.with_hint(format!("{}: {} (or run it with sudo)", switch.why, switch.fix))
        }
        None if error.hint().is_some() && !is_refusal(&error) => error,
        None => match error.errno() {
            Some(Errno::ENOSPC) => error
                .with_hint("too many of them: see sysctl user.max_user_namespaces, or depth 32"),
            Some(Errno::EINVAL) => error.with_hint("this kernel was built without user namespaces"),
            // "The caller is in a chroot environment": clone(2), EPERM.
            Some(Errno::EPERM) if mount_ns::is_chroot() => {
                error.with_hint(mount_ns::ENTER_OTHERWISE)
            }
            Some(_) if is_refusal(&error) && is_root => {
                error.with_hint(format!("{POWERLESS_ROOT}: {MORE_POWER}"))
            }
            Some(_) if is_refusal(&error) => error.with_hint(
                "something forbids user namespaces here, as containers' seccomp filters do; \
                 run it with sudo, or on the host itself",
            ),
            _ => error,
        },
    }
}

/// Whether the refusal was one of permission.
fn is_refusal(error: &Error) -> bool {
    matches!(error.errno(), Some(Errno::EPERM | Errno::EACCES))
}
