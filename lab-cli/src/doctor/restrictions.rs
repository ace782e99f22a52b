//! What else can forbid it: settings, security modules, filters, limits.

use std::collections::BTreeMap;

use nix::errno::Errno;
use process::{Namespace, POWERLESS_ROOT};

use super::check::{Check, from};
use super::host::{Host, number, read};
use super::kernel::newer_kernel;
use super::trial::Refusal;

const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";
const CLONE: &str = "kernel.unprivileged_userns_clone";
const MAX_USER: &str = "user.max_user_namespaces";
const PTRACE: &str = "kernel.yama.ptrace_scope";

/// The capabilities that a root in the chapters uses: number, name and the first
/// chapter that does; linux/capability.h.
const CAPABILITIES: [(u32, &str, usize); 12] = [
    (0, "chown", 7),
    (1, "dac_override", 7),
    (5, "kill", 10),
    (6, "setgid", 0),
    (7, "setuid", 0),
    (8, "setpcap", 9),
    (12, "net_admin", 5),
    (18, "sys_chroot", 1),
    (19, "sys_ptrace", 9),
    (21, "sys_admin", 2),
    (24, "sys_resource", 9),
    (27, "mknod", 7),
];

/// Open files below which `lab` gets into trouble, and processes of this user.
const LIMITS: [(&str, &str, u64); 2] =
    [("open files", "Max open files", 256), ("processes", "Max processes", 256)];

/// Everything that is no part of the kernel's build.
pub fn checks(host: &Host) -> Vec<Check> {
    let status = Status::ours();
    let mut checks = vec![
        user_namespaces(host),
        namespace_limits(host),
        selinux(),
        ptrace(host),
        seccomp(host, &status),
        no_new_privs(&status),
        capabilities(host, &status),
    ];
    checks.extend(limits(host));
    checks
}

/// What to type when the kernel has refused something.
pub fn fix_of(host: &Host, refusal: &Refusal) -> String {
    match refusal.errno() {
        Some(Errno::ENOSPC) => {
            let (kind, _) = few().into_iter().next().unwrap_or(("user", 0));
            raise(host, kind)
        }
        // Not a type of namespace, link or file system that it knows.
        Some(Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ENODEV | Errno::ENOSYS) => {
            newer_kernel(host)
        }
        _ => permit(host),
    }
}

/// The command that raises a limit of namespaces(7).
pub fn raise(host: &Host, kind: &str) -> String {
    host.as_root(&format!("sysctl -w user.max_{kind}_namespaces=15000"))
}

/// What to type when an operation is not permitted.
fn permit(host: &Host) -> String {
    if mount_ns::is_chroot() {
        return "systemd-nspawn -D DIR # instead of chroot DIR".to_owned();
    }
    match (locks(), &host.container) {
        (Some((name, value)), _) if !host.is_root => {
            host.as_root(&format!("sysctl -w {name}={value}"))
        }
        (_, Some(_)) => "docker run --privileged …".to_owned(),
        _ if host.is_root => "systemd-run -t sh # a shell that has what systemd has".to_owned(),
        _ => "sudo lab run …".to_owned(),
    }
}

/// The first setting that keeps ordinary users from making user namespaces, and the
/// value that lets them.
fn locks() -> Option<(&'static str, u32)> {
    if sysctl(CLONE) == Some(0) {
        Some((CLONE, 1))
    } else if sysctl(MAX_USER) == Some(0) {
        Some((MAX_USER, 15000))
    } else if sysctl(APPARMOR).is_some_and(|value| value != 0) {
        Some((APPARMOR, 0))
    } else {
        None
    }
}

fn user_namespaces(host: &Host) -> Check {
    let name = "user namespaces";
    let check = match locks() {
        None => Check::works(name, "no setting keeps ordinary users from making them"),
        Some((setting, value)) => {
            let now = sysctl(setting).unwrap_or_default();
            Check::limited(name, format!("{setting} = {now}: ordinary users are refused"))
                .fix(host.as_root(&format!("sysctl -w {setting}={value}")))
        }
    };
    check.chapters(if host.is_root { from(8) } else { from(1) })
}

/// How many there may be of each kind in this user namespace.
fn namespace_limits(host: &Host) -> Check {
    let name = "namespace limits";
    let few = few();
    let check = match few.first() {
        None => Check::works(name, "enough of each kind"),
        Some((kind, _)) => {
            let list: Vec<_> = few.iter().map(|(kind, limit)| format!("{kind} {limit}")).collect();
            Check::limited(name, format!("at most: {}", list.join(", "))).fix(raise(host, kind))
        }
    };
    check.chapters(from(2))
}

/// The kinds of namespaces of which a handful is allowed, and how many.
fn few() -> Vec<(&'static str, u64)> {
    let limit = |kind| Some((kind, sysctl(&format!("user.max_{kind}_namespaces"))?));
    let kinds = Namespace::ALL.map(Namespace::name).into_iter();
    kinds.filter_map(limit).filter(|(_, limit)| *limit < 16).collect()
}

fn selinux() -> Check {
    let seen = match read("/sys/fs/selinux/enforce").as_deref().map(str::trim) {
        Some("1") => "enforcing; what is above was tried under it",
        Some(_) => "permissive",
        None => "not there",
    };
    Check::works("SELinux", seen)
}

/// Who may trace whom; `lab` reads what it needs without tracing.
fn ptrace(host: &Host) -> Check {
    let name = "ptrace";
    let check = match sysctl(PTRACE) {
        None => Check::works(name, "Yama does not restrict it"),
        Some(scope @ (0 | 1)) => Check::works(name, format!("{PTRACE} = {scope}")),
        Some(2) if host.is_root => Check::works(name, format!("{PTRACE} = 2: root may")),
        Some(3) => Check::limited(name, format!("{PTRACE} = 3: nobody may until the next boot"))
            .fix(host.as_root("reboot")),
        Some(scope) => Check::limited(name, format!("{PTRACE} = {scope}: only root may"))
            .fix(host.as_root(&format!("sysctl -w {PTRACE}=1"))),
    };
    check.chapters(from(9))
}

fn seccomp(host: &Host, status: &Status) -> Check {
    let name = "seccomp";
    let inside = host.container.as_ref().map(|mark| format!("; in a container: {mark}"));
    let inside = inside.unwrap_or_default();
    match status.number("Seccomp", 10) {
        Some(0) | None => Check::works(name, format!("no filter on this process{inside}")),
        Some(_) => Check::limited(name, format!("a filter is on this process{inside}"))
            .fix("docker run --security-opt seccomp=unconfined …"),
    }
}

/// It turns setuid off, and with it newuidmap and sudo.
fn no_new_privs(status: &Status) -> Check {
    let name = "no_new_privs";
    let check = match status.number("NoNewPrivs", 10) {
        Some(1) => Check::limited(name, "set: newuidmap and sudo get no privilege from here")
            .fix("exit # and use another shell: it cannot be taken back"),
        _ => Check::works(name, "not set"),
    };
    check.chapters(from(8))
}

fn capabilities(host: &Host, status: &Status) -> Check {
    let name = "capabilities";
    if !host.is_root {
        return Check::works(name, "none, as an ordinary user; all in its own user namespace");
    }
    let ours = status.number("CapEff", 16).unwrap_or(0);
    let lacks = |capability: &&(u32, &str, usize)| ours & (1 << capability.0) == 0;
    let lacking: Vec<_> = CAPABILITIES.iter().filter(lacks).collect();
    let names: Vec<_> = lacking.iter().map(|(_, name, _)| *name).collect();
    match lacking.iter().map(|(_, _, chapter)| *chapter).min() {
        None => Check::works(name, "root has all that the chapters use"),
        Some(first) => {
            let seen = if names.contains(&"sys_admin") {
                format!("{POWERLESS_ROOT}; of all, it lacks {}", names.join(", "))
            } else {
                format!("root lacks {}", names.join(", "))
            };
            Check::limited(name, seen).chapters(from(first)).fix(permit(host))
        }
    }
}

/// getrlimit(2), as /proc tells it: name, soft, hard, unit.
fn limits(host: &Host) -> Vec<Check> {
    let table = read("/proc/self/limits").unwrap_or_default();
    let row = |(name, title, enough): (&'static str, &str, u64)| {
        let line = table.lines().find_map(|line| line.strip_prefix(title))?;
        let mut fields = line.split_whitespace();
        let (soft, hard) = (fields.next()?, fields.next()?);
        let seen = format!("{soft} now, {hard} at most");
        let flag = if name == "processes" { 'u' } else { 'n' };
        Some(match soft.parse::<u64>() {
            Ok(count) if count < enough && !(host.is_root && flag == 'u') => {
                let enough = hard.parse::<u64>().unwrap_or(4096).min(4096);
                Check::limited(name, seen).fix(format!("ulimit -{flag} {enough}"))
            }
            _ => Check::works(name, seen),
        })
    };
    LIMITS.into_iter().filter_map(row).collect()
}

/// `kernel.yama.ptrace_scope` is /proc/sys/kernel/yama/ptrace_scope.
fn sysctl(name: &str) -> Option<u64> {
    number(format!("/proc/sys/{}", name.replace('.', "/")))
}

/// The fields of /proc/self/status.
struct Status(BTreeMap<String, String>);

impl Status {
    fn ours() -> Self {
        let text = read("/proc/self/status").unwrap_or_default();
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        Self(text.lines().filter_map(field).collect())
    }

    fn number(&self, field: &str, radix: u32) -> Option<u64> {
        u64::from_str_radix(self.0.get(field)?, radix).ok()
    }
}
