//! Files: where containers are recorded, overlays, and the default root file system.

use nix::unistd::{AccessFlags, access};
use process::Error;

use super::check::{Check, from};
use super::distribution::Package;
use super::host::Host;
use super::overlay;
use crate::rootfs;

/// State directory, overlays, cache, root file system, busybox.
pub fn checks(host: &Host) -> Vec<Check> {
    let mut checks = overlay::checks(host);
    checks.push(cache());
    checks.push(root_file_system(host));
    checks.push(busybox(host));
    checks
}

/// Where root file systems are built: a directory of this user's that can be written
/// to, or made.
fn cache() -> Check {
    let name = "cache directory";
    let check = match rootfs::Cache::locate() {
        Ok(cache) => {
            let place = cache.path(".").components().as_path().to_owned();
            let existing = place.ancestors().find(|dir| dir.exists()).unwrap_or(&place);
            match access(existing, AccessFlags::W_OK) {
                Ok(()) => Check::works(name, format!("{}: can be written", place.display())),
                Err(errno) => {
                    let error =
                        Error::from_errno(format!("write to {}", existing.display()), errno);
                    Check::missing(name, error.to_string())
                }
            }
        }
        Err(error) => Check::missing(name, error.to_string()),
    };
    check.chapters(from(1)).required().fix("export LAB_CACHE_DIR=$(mktemp -d)")
}

/// Plans one, and builds nothing.
fn root_file_system(host: &Host) -> Check {
    let name = "root file system";
    let plan = rootfs::Origin::choose().and_then(|origin| Ok((origin.name(), origin.plan()?)));
    let check = match plan {
        Ok((origin, plan)) => {
            let count = plan.programs.len();
            Check::works(name, format!("from {origin}: sh and {} more programs", count - 1))
        }
        Err(error) => {
            let install = host.distribution.install(Package::Coreutils);
            Check::missing(name, error.to_string()).fix(host.as_root(&install))
        }
    };
    check.chapters(from(1)).required()
}

fn busybox(host: &Host) -> Check {
    let name = "busybox";
    let check = match rootfs::find_busybox() {
        Some(path) => Check::works(name, format!("static, {}", path.display())),
        None => {
            let install = host.distribution.install(Package::Busybox);
            let seen = "no static one; the root is made of the host's own tools";
            Check::missing(name, seen).fix(host.as_root(&install))
        }
    };
    check.chapters(from(1))
}
