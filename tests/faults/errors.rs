//! Errors of the kernel: no step of a run may take one for a success.
//!
//! Every system call is made to fail in turn. Either the run does not need it and is in
//! every respect as it should be, or it ends with 125 and says which step was refused.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

use harness::host::Host;
use harness::skip;
use nix::errno::Errno;
use regex::Regex;

use super::fault::{Fault, Traced};
use super::moment::Moment;
use super::scene::{Scene, What};
use super::{sample, try_all};

/// Not allowed, no room, no memory, interrupted.
const ERRORS: [Errno; 4] = [Errno::EPERM, Errno::ENOSPC, Errno::ENOMEM, Errno::EINTR];

/// Calls that the root of a user namespace may not make: of them, EPERM says just that, and
/// the next best thing is done. (By openat2, fstat and mkdirat the place of a mount is found or
/// made: they are a part of mounting.) Every other error has to be taken for one.
const NOT_FOR_EVERY_ROOT: [i64; 6] = [
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_mount,
    libc::SYS_newfstatat,
    libc::SYS_openat2,
    libc::SYS_setgroups,
];

/// Prints all that an option was to bring about, as far as it can be seen from inside.
const FACTS: &str = "\
    cat /proc/self/mountinfo /proc/self/status /proc/self/cgroup /proc/self/limits; \
    cat /proc/net/dev /proc/net/route /sys/class/net/*/flags; \
    cat /etc/hostname /etc/hosts /etc/resolv.conf /srv/precious /new/place/precious; \
    echo; cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us \
    memory.max pids.max cpu.max 2> /dev/null; \
    cd /; hostname; umask; echo $PATH $HOME /proc/self/fd/*; \
    [ $$ = 1 ] && echo /proc/[0-9]*; exit 3";

#[test]
fn whatever_fails_in_a_run_of_chapter_07_is_survived_or_reported() {
    fail_everywhere(What::Run("chapter-07"), Host::new);
}

#[test]
fn whatever_fails_in_a_run_of_chapter_09_is_survived_or_reported() {
    fail_everywhere(What::Run("chapter-09"), Host::new);
}

#[test]
fn whatever_fails_in_an_ordinary_users_run_is_survived_or_reported() {
    fail_everywhere(What::Run("chapter-07"), Host::of_somebody);
}

#[test]
fn whatever_fails_in_an_exec_is_survived_or_reported() {
    fail_everywhere(What::Exec, Host::new);
}

#[test]
fn whatever_fails_while_a_container_joins_another_is_survived_or_reported() {
    fail_everywhere(What::Join, Host::new);
}

/// How a run with an error ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Survived,
    Refused,
    Wrong,
    Panicked,
    Leaked,
}

fn fail_everywhere(what: What, new_host: fn() -> Host) {
    if !skip::is_root() {
        return;
    }
    if !tracer::CAN_CHANGE_CALLS {
        return skip::skip("no way known to let a system call fail on this processor");
    }
    let new_scene = || Scene::new(what, new_host());
    let scene = new_scene();
    let whose = if scene.host.is_root() { "" } else { "an ordinary user's " };
    let whole = scene.run(FACTS, None);
    assert_eq!(whole.ran.code, 3, "{whole:?}");
    assert_eq!(left(&scene), None, "nothing failed");
    let normal = facts(&whole.ran.stdout);
    let cases: Vec<(Moment, Errno)> = whole
        .calls
        .moments()
        .into_iter()
        .flat_map(|moment| ERRORS.into_iter().map(move |errno| (moment, errno)))
        .collect();
    let cases = sample(cases, 28);
    let ends = Mutex::new(BTreeMap::<End, usize>::new());
    let wrong = try_all(&cases, new_scene, |scene, &(moment, errno)| {
        let fault = Fault::Fail(errno);
        let failed = scene.run(FACTS, Some((moment, fault)));
        failed.hit?;
        let (end, what) = match judge(&failed, errno, &normal) {
            (end @ (End::Survived | End::Refused), _) => match left(scene) {
                None => (end, None),
                left => (End::Leaked, left),
            },
            wrong => wrong,
        };
        *ends.lock().expect("no test panicked").entry(end).or_default() += 1;
        let (number, said) = (failed.hit?, &failed.ran.stderr);
        what.map(|what| format!("{moment:?} (call {number}) {errno}: {end:?}: {what}\n{said}"))
    });
    let ends = ends.into_inner().expect("no test panicked");
    let count = |end| ends.get(&end).copied().unwrap_or(0);
    let _ = writeln!(
        std::io::stderr(),
        "errors tried: {}, survived: {}, refused with 125: {}, leaks: {}, panics: {} ({whose}{})",
        ends.values().sum::<usize>(),
        count(End::Survived),
        count(End::Refused),
        count(End::Leaked),
        count(End::Panicked),
        what.name(),
    );
    assert_eq!(wrong.len(), 0, "see above");
}

/// Whether a run that met an error ended as it should, and what is wrong if not.
fn judge(failed: &Traced, errno: Errno, normal: &str) -> (End, Option<String>) {
    let ran = &failed.ran;
    if !failed.is_in_time {
        return (End::Wrong, Some("it hangs".to_owned()));
    }
    if ran.stderr.contains("panicked") {
        return (End::Panicked, Some(ran.stderr.clone()));
    }
    let is_expected = errno == Errno::EPERM
        && failed.hit.is_some_and(|number| NOT_FOR_EVERY_ROOT.contains(&number));
    match ran.code {
        3 if is_expected => (End::Survived, None),
        3 => {
            let (mut normal, mut now) = (normal.to_owned(), facts(&ran.stdout));
            if ran.stderr.contains("are not translated") {
                // One volume's owners, where they cannot be; it is said.
                normal = normal.replace(",idmapped", "");
                now = now.replace(",idmapped", "");
            }
            if ran.stderr.contains("note: no cgroup, ") {
                // An ordinary user has one where it can be had; it is said, and why not.
                normal = without_cgroups(&normal);
            }
            let without = |these: &str, those: &str| -> Vec<String> {
                let is_new = |line: &&str| !those.lines().any(|other| other == *line);
                these.lines().filter(is_new).map(str::to_owned).collect()
            };
            let (missing, new) = (without(&normal, &now), without(&now, &normal));
            if now == normal {
                (End::Survived, None)
            } else {
                (End::Wrong, Some(format!("without {missing:#?}, with {new:#?}")))
            }
        }
        // The command is found, but the kernel does not execute it.
        126 if ran.stderr.lines().any(|line| line.starts_with("error: exec ")) => {
            (End::Refused, None)
        }
        125 => match ran.stderr.lines().find_map(|line| line.strip_prefix("error: ")) {
            Some(error) if names_a_step(error) => (End::Refused, None),
            _ => (End::Wrong, Some("it does not say what has failed".to_owned())),
        },
        // A record that cannot be read is passed over, while a container is looked for.
        1 if ran.stderr.starts_with("error: no such container: ") => (End::Refused, None),
        code => (End::Wrong, Some(format!("it ends with {code}"))),
    }
}

/// [`facts`] without the mounts of the cgroups, and their limits: a number, `max` or, for the
/// processor, two words. What begins with a zero is the umask.
fn without_cgroups(facts: &str) -> String {
    let limit = Regex::new(r"^(max|-?[1-9]\d*)( \d+)?$").expect("a pattern");
    let is_of_cgroups = |line: &str| line.starts_with("/sys/fs/cgroup") || limit.is_match(line);
    facts.split_inclusive('\n').filter(|line| !is_of_cgroups(line.trim_end())).collect()
}

/// Whether a message has the form `step: why`. The why need not be the error that we gave:
/// where a library tries something else then, it is the answer to that.
pub(super) fn names_a_step(error: &str) -> bool {
    let texts = (1..=133).map(|number| Errno::from_raw(number).desc().to_lowercase());
    let why = error.to_lowercase();
    texts.into_iter().any(|text| why.len() > text.len() + 2 && why.ends_with(&format!(": {text}")))
}

/// What is left for good: a removal that failed is tried again by `lab clean`.
fn left(scene: &Scene) -> Option<String> {
    let host = &scene.host;
    let ids = host.new_ids();
    host.settle();
    if !host.ids().is_empty() || !host.is_root() {
        let ran = host.lab(&["clean"]);
        if ran.code != 0 {
            return Some(format!("{ran:?}"));
        }
    }
    let left = scene.left(&ids);
    (!left.is_empty()).then(|| format!("left: {left:#?}"))
}

/// What [`FACTS`] printed, without what differs from container to container: of its
/// mounts, the place, the flags and the kind are kept; ids, addresses and counts go.
fn facts(said: &str) -> String {
    let pattern = |text| Regex::new(text).expect("a pattern");
    let status = pattern(r"^[A-Za-z_]+:\t");
    let kept = pattern(r"^(Uid|Gid|Groups|Sig[BIC]\w+|Cap\w+|NoNewPrivs|Seccomp):");
    let mount = pattern(r"^\d+ \d+ \d+:\d+ \S+ (\S+ \S+) .*- (\S+) .*$");
    let own = pattern(r"\b[0-9a-f]{12}\b|10\.\d+\.\d+\.\d+|:( *\d+){16} *$");
    said.lines()
        // In which hierarchies it is at the top: others may mount and unmount some.
        .filter(|line| !line.ends_with(":/"))
        // A user who may not make a device node binds the host's.
        .filter(|line| !(line.contains(" /dev/") && line.contains("devtmpfs")))
        .filter(|line| !status.is_match(line) || kept.is_match(line))
        .map(|line| mount.replace(line, "$1 $2").into_owned())
        .map(|line| format!("{}\n", own.replace_all(&line, "…")))
        .collect()
}
