//! The kernel: its version, the calls it has, and what it was built with.

use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;

use super::check::{Check, from};
use super::distribution::Package;
use super::host::{Host, read};
use super::sys;

/// The first version that has every call the chapters make.
const ENOUGH: (u32, u32) = (5, 12);

/// What a chapter calls that not every kernel has.
struct Call {
    name: &'static str,
    number: libc::c_long,
    since: (u32, u32),
    chapter: usize,
}

const fn call(name: &'static str, number: libc::c_long, since: (u32, u32), chapter: usize) -> Call {
    Call { name, number, since, chapter }
}

const CALLS: [Call; 8] = [
    call("pidfd_send_signal", libc::SYS_pidfd_send_signal, (5, 1), 0),
    call("clone3", libc::SYS_clone3, (5, 3), 0),
    call("close_range", libc::SYS_close_range, (5, 9), 0),
    call("open_tree", libc::SYS_open_tree, (5, 2), 3),
    call("move_mount", libc::SYS_move_mount, (5, 2), 3),
    call("fsopen", libc::SYS_fsopen, (5, 2), 3),
    call("openat2", libc::SYS_openat2, (5, 6), 3),
    call("mount_setattr", libc::SYS_mount_setattr, (5, 12), 3),
];

/// What the chapters need of a kernel's configuration, without `CONFIG_`.
const OPTIONS: [&str; 26] = [
    "NAMESPACES",
    "PID_NS",
    "UTS_NS",
    "IPC_NS",
    "NET_NS",
    "USER_NS",
    "TIME_NS",
    "SYSVIPC",
    "POSIX_MQUEUE",
    "TMPFS",
    "VETH",
    "BRIDGE",
    "NETFILTER",
    "NF_TABLES",
    "NFT_NAT",
    "NFT_MASQ",
    "CGROUPS",
    "MEMCG",
    "CFS_BANDWIDTH",
    "CPUSETS",
    "CGROUP_PIDS",
    "BLK_CGROUP",
    "CGROUP_DEVICE",
    "CGROUP_FREEZER",
    "OVERLAY_FS",
    "SECCOMP_FILTER",
];

/// Version, calls and options.
pub fn checks(host: &Host) -> Vec<Check> {
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    vec![version(host, release), calls(host), options(host, release)]
}

fn version(host: &Host, release: &str) -> Check {
    let (major, minor) = ENOUGH;
    let check = match parse(release) {
        Some(version) if version >= ENOUGH => {
            Check::works("version", format!("{release}, and {major}.{minor} is enough"))
        }
        Some(version) => {
            let lacks = CALLS.iter().filter(|call| call.since > version).map(|call| call.name);
            let lacks = lacks.collect::<Vec<_>>().join(", ");
            Check::limited("version", format!("{release} has no {lacks}"))
        }
        None => Check::limited("version", format!("{release:?} is no version")),
    };
    check.fix(newer_kernel(host))
}

/// Each call is made with arguments that it refuses: the refusal tells that it is there.
fn calls(host: &Host) -> Check {
    let lacks = |call: &&Call| sys::refusal_of(call.number) == Errno::ENOSYS;
    let lacking: Vec<&Call> = CALLS.iter().filter(lacks).collect();
    let names: Vec<_> = lacking.iter().map(|call| call.name).collect();
    let check = match names.as_slice() {
        [] => {
            let names = CALLS.map(|call| call.name).join(", ");
            return Check::works("system calls", format!("{names}: all there"));
        }
        // Without clone3 the runtime goes on with clone.
        ["clone3"] => Check::limited("system calls", "no clone3; clone(2) serves as well"),
        names => Check::missing("system calls", format!("no {}", names.join(", "))).required(),
    };
    let needed = lacking.iter().filter(|call| call.name != "clone3");
    let first = needed.map(|call| call.chapter).min().unwrap_or(0);
    check.chapters(from(first)).fix(newer_kernel(host))
}

fn options(host: &Host, release: &str) -> Check {
    let places = [format!("/boot/config-{release}"), format!("/lib/modules/{release}/config")];
    let packed = || unpack("/proc/config.gz").map(|text| (text, "/proc/config.gz".to_owned()));
    let found =
        packed().or_else(|| places.into_iter().find_map(|place| Some((read(&place)?, place))));
    let Some((text, place)) = found else {
        let seen = "no configuration is readable here; what follows was tried instead";
        return Check::works("options", seen);
    };
    let is_on = |option: &&&str| {
        let set = |value| text.lines().any(|line| line == format!("CONFIG_{option}={value}"));
        set("y") || set("m")
    };
    let off: Vec<_> = OPTIONS.iter().filter(|option| !is_on(option)).copied().collect();
    match off.as_slice() {
        [] => {
            let seen = format!("{place}: all {} that matter here are on", OPTIONS.len());
            Check::works("options", seen)
        }
        off => Check::limited("options", format!("{place}: off: {}", off.join(", ")))
            .fix(newer_kernel(host)),
    }
}

/// The distribution's own kernel has all of it.
pub fn newer_kernel(host: &Host) -> String {
    host.as_root(&format!("{} && reboot", host.distribution.install(Package::Kernel)))
}

/// `6.1.0-56-amd64` is 6.1.
fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(['.', '-', '+']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Every host has gzip, and a decoder of our own is not worth its lines.
fn unpack(path: &str) -> Option<String> {
    if !Path::new(path).exists() {
        return None;
    }
    let gzip = Command::new("gzip")
        .args(["-dc", path])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let text = gzip.ok().filter(|output| output.status.success())?.stdout;
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_compare_as_versions() {
        assert_eq!(parse("6.1.0-56-amd64"), Some((6, 1)));
        assert_eq!(parse("5.9-rc1"), Some((5, 9)));
        assert!(parse("5.4.0-generic") < Some(ENOUGH));
        assert_eq!(parse("gvisor"), None);
    }
}
