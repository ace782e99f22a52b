//! Users: who we are, and what an ordinary user has been given to map.
//!
//! In a user namespace of one's own, one id is free: one's own, as its root. Every
//! further one has to be granted in /etc/subuid and /etc/subgid, and is mapped by
//! `newuidmap` and `newgidmap`, which are privileged in our place: subuid(5).

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::geteuid;

use super::check::{Check, from};
use super::distribution::Package;
use super::host::{Host, Program, find, read};
use crate::chapters::CHAPTERS;

/// The chapter that brings containers without root.
const USER_NAMESPACES: usize = 8;

/// What a whole system's users take: 0 to 65535.
const ENOUGH: u64 = 65536;

/// This user, the ranges, and the programs that map them.
pub fn checks(host: &Host) -> Vec<Check> {
    let mut checks = vec![user(host), ranges(host), mapper(host)];
    checks.extend(lingering(host));
    checks
}

/// Where systemd ends a user's processes with their last session, their world is among them:
/// logind.conf(5), `KillUserProcesses`.
fn lingering(host: &Host) -> Option<Check> {
    if host.is_root || !Path::new("/run/systemd/system").exists() {
        return None;
    }
    let name = "after logging out";
    let lingers = Path::new("/var/lib/systemd/linger").join(&host.user).exists();
    let check = if lingers {
        Check::works(name, format!("{} lingers: containers go on", host.user))
    } else {
        Check::limited(name, "lab:world, and with it every container, may be ended then")
            .fix("loginctl enable-linger")
    };
    Some(check.chapters(from(1)))
}

/// Until chapter 8 is there, only root has what the chapters before it need.
fn user(host: &Host) -> Check {
    let name = "this user";
    if host.is_root {
        let where_to = if host.has_hosts_ids { "" } else { ", of a user namespace" };
        return Check::works(name, format!("root{where_to}"));
    }
    if CHAPTERS.iter().any(|chapter| chapter.number == USER_NAMESPACES) {
        return Check::works(name, format!("{}: in a user namespace", host.user));
    }
    let seen = format!("{}: all but chapter 00 need root", host.user);
    Check::missing(name, seen).chapters(from(1)).required().fix("sudo lab run …")
}

fn ranges(host: &Host) -> Check {
    let name = "subuid, subgid";
    let ids = ["/etc/subuid", "/etc/subgid"].map(|file| read(file).unwrap_or_default());
    let counts = [0, 1].map(|at| count(&ids[at], &host.user, geteuid().as_raw()));
    let [uids, gids] = counts;
    let seen = format!("{}: {uids} user and {gids} group ids", host.user);
    if host.is_root {
        return if host.has_hosts_ids {
            Check::works(name, "root maps every id, and needs no range")
        } else {
            Check::limited(name, "only what this user namespace maps can be mapped on")
                .fix("exit # and run it outside of this user namespace")
        }
        .chapters(from(USER_NAMESPACES));
    }
    let check = match uids.min(gids) {
        0 => Check::missing(name, format!("{seen}: one id only, its own as root")),
        few if few < ENOUGH => Check::limited(name, seen),
        _ => Check::works(name, seen),
    };
    let start = ids.iter().filter_map(|file| end(file)).max().unwrap_or(0).max(100_000);
    let range = format!("{start}-{}", start + ENOUGH - 1);
    let add = format!("usermod --add-subuids {range} --add-subgids {range} {}", host.user);
    check.chapters(from(USER_NAMESPACES)).fix(host.as_root(&add))
}

fn mapper(host: &Host) -> Check {
    let name = "newuidmap";
    let found = ["newuidmap", "newgidmap"].map(|program| match find(program) {
        Program::InPath(path) | Program::Elsewhere(path) => Some(path),
        Program::Absent => None,
    });
    let install = host.as_root(&host.distribution.install(Package::Uidmap));
    let check = match &found {
        [Some(one), Some(other)] => match [one, other].into_iter().find(|it| !is_privileged(it)) {
            None => Check::works(name, format!("{}, privileged", one.display())),
            Some(plain) => {
                let command = host.as_root(&format!("chmod u+s {}", plain.display()));
                Check::limited(name, format!("{} has no privilege", plain.display())).fix(command)
            }
        },
        _ if host.is_root => Check::missing(name, "not installed; root does without").fix(install),
        _ => Check::missing(name, "not installed: one id only").fix(install),
    };
    check.chapters(from(USER_NAMESPACES))
}

/// Setuid root, or with a capability on the file: an extended attribute tells.
fn is_privileged(program: &Path) -> bool {
    let Ok(file) = program.metadata() else { return false };
    let is_setuid = file.uid() == 0 && file.permissions().mode() & 0o4000 != 0;
    is_setuid || super::sys::has_capabilities(program)
}

/// The lines of a file: whose, from, how many.
fn entries(file: &str) -> impl Iterator<Item = (&str, u64, u64)> {
    file.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let mut next = || fields.next();
        let (owner, start, count) = (next()?, next()?, next()?);
        Some((owner, start.trim().parse().ok()?, count.trim().parse().ok()?))
    })
}

/// How many ids a user has, by name or by number.
fn count(file: &str, user: &str, uid: u32) -> u64 {
    let uid = uid.to_string();
    let is_ours = |owner: &str| owner == user || owner == uid;
    entries(file).filter(|(owner, ..)| is_ours(owner)).map(|(_, _, count)| count).sum()
}

/// The first id after all that are given.
fn end(file: &str) -> Option<u64> {
    entries(file).map(|(_, start, count)| start.saturating_add(count)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_added_up_by_name_and_number() {
        let file = "# comment\nalice:100000:65536\nbob:165536:65536\n1000:300000:10\n";
        assert_eq!(count(file, "alice", 1000), 65546);
        assert_eq!(count(file, "bob", 1001), 65536);
        assert_eq!(count(file, "carol", 1002), 0);
        assert_eq!(end(file), Some(300010));
        assert_eq!(end(""), None);
    }
}
