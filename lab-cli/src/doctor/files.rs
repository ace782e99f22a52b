//! Files: where containers are recorded, overlays, and the default root file system.

use super::distribution::Package;
use super::host::Host;
use super::{Check, from, overlay};
use crate::rootfs;

/// State directory, overlays, root file system, busybox.
pub fn checks(host: &Host) -> Vec<Check> {
    let mut checks = overlay::checks(host);
    checks.push(root_file_system(host));
    checks.push(busybox(host));
    checks
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
