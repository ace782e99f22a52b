//! What comes in, attacked by who is there already.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::FileExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{self, Child, ChildStdin, ChildStdout, Stdio};

use harness::{Lab, eventually, kernel};
use nix::libc;
use nix::sys::statvfs::{FsFlags, statvfs};
use tracer::{Call, Event, Tracer};

/// Tries, for each line that it reads, to get at what has come in and is not the command yet,
/// and tells what it got. All by a shell's own means: no process of its own is in the way.
const ATTACKER: &str = r#"own=" "
while read id rest; do own="$own$id "; done < /proc/$$/mountinfo
echo ready
while read line; do
    won=
    for it in /proc/[0-9]*; do
        read name < $it/comm || continue
        case "$name" in lab:held | lab:birth) ;; *) continue ;; esac
        won="$won seen"
        for fd in $it/fd/*; do [ -e "$fd" ] && won="$won fd"; done
        [ -e $it/root/. ] && won="$won root"
        [ -e $it/cwd/. ] && won="$won cwd"
        [ -e $it/exe ] && won="$won exe"
        (: < $it/environ) && won="$won environ"
        (: < $it/mem) && won="$won mem"
        while read id rest; do
            case "$own" in *" $id "*) ;; *) won="$won mounts"; break ;; esac
        done < $it/mountinfo
        while read socket; do
            case "$socket" in *@lab-canary*) won="$won network"; break ;; esac
        done < $it/net/unix
    done 2> /dev/null
    echo "won:$won"
done"#;

/// A container that attacks whoever comes in.
struct Attacker {
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
    container: Child,
}

impl Attacker {
    fn start(lab: &Lab, options: &str) -> Self {
        let mut run = lab.program("lab");
        run.args(["run", "--name", "hostile"]).args(options.split_whitespace());
        run.args(["--", "sh", "-c", ATTACKER]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut container = run.spawn().expect("lab starts");
        let said = kernel::read_until(container.stdout.as_mut().expect("a pipe"), "ready\n");
        said.expect("the attacker is there");
        let (orders, reports) = (container.stdin.take(), container.stdout.take());
        let reports = BufReader::new(reports.expect("a pipe"));
        Self { orders: orders.expect("a pipe"), reports, container }
    }

    fn attack(&mut self) -> String {
        self.orders.write_all(b"go\n").expect("it listens");
        let mut report = String::new();
        self.reports.read_line(&mut report).expect("it reports");
        report.trim_end().strip_prefix("won:").expect("a report").trim().to_owned()
    }

    fn end(self) {
        let Self { orders, mut container, .. } = self;
        drop(orders);
        container.wait().expect("it ends");
    }
}

/// Has `true` come in, and looks whenever it, or who is sent ahead, stands still: before each of
/// its calls, from its birth to its exec.
fn at_each_step(lab: &Lab, name: &str, mut look: impl FnMut(i32, Call)) {
    let mut exec = lab.program("lab");
    exec.args(["exec", name, "true"]);
    let mut tracer = Tracer::start(exec).expect("lab starts");
    let (client, mut has_come) = (tracer.first(), false);
    while let Some((pid, event)) = tracer.next_event().expect("our children") {
        match event {
            Event::Entered(call) if pid != client => look(pid.as_raw(), call),
            Event::Executed if pid != client => {
                has_come = true;
                tracer.let_go();
            }
            // The container is our child as well, and lives on.
            Event::Exited(_) | Event::Killed(_) if pid == client => break,
            _ => {}
        }
    }
    assert!(has_come, "what came in was not followed");
}

/// What such a container gets of what comes in.
fn spoils(lab: &Lab, options: &str) -> Vec<String> {
    let name = format!("lab-canary-{}-{}", process::id(), options.len());
    let canary = SocketAddr::from_abstract_name(name).and_then(|it| UnixListener::bind_addr(&it));
    let _canary = canary.expect("a socket in the host's network");
    let mut attacker = Attacker::start(lab, options);
    let mut spoils = Vec::new();
    at_each_step(lab, "hostile", |_, _| spoils.push(attacker.attack()));
    attacker.end();
    spoils
}

/// CVE-2016-9962, and a way to CVE-2024-21626. What /proc tells of a process's mounts and of its
/// network, it tells everybody who sees it, so that these must not be the host's any more.
#[test]
fn who_is_inside_gets_nothing_of_what_comes_in() {
    let Some(lab) = Lab::as_root() else { return };
    for options in [
        "08 --network none",
        "09 --network none",
        "09 --network none --userns host",
        "09 --network none --cap-add SYS_PTRACE",
    ] {
        let spoils = spoils(&lab, options);
        assert!(spoils.iter().any(|it| it == "seen"), "{options}: it is in sight: {spoils:?}");
        let won: Vec<_> = spoils.iter().filter(|it| !["", "seen"].contains(&it.as_str())).collect();
        assert!(won.is_empty(), "{options}: {won:?}");
    }
}

/// The same attack where nothing stands in its way: the host's root with CAP_SYS_PTRACE.
#[test]
fn who_has_the_hosts_power_inside_gets_all_of_it() {
    let Some(lab) = Lab::as_root() else { return };
    let won = spoils(&lab, "04").join(" ");
    for what in ["fd", "root", "cwd", "exe", "environ", "mem"] {
        assert!(won.split(' ').any(|it| it == what), "{what}: {won}");
    }
}

/// CVE-2019-5736: until its exec it is a program of the host.
#[test]
fn what_comes_in_runs_from_where_nobody_can_write() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("04 --name web", "");
    let mut steps = 0;
    at_each_step(&lab, "web", |pid, _| {
        let program = statvfs(format!("/proc/{pid}/exe").as_str()).expect("its program");
        assert!(program.flags().contains(FsFlags::ST_RDONLY), "step {steps}");
        steps += 1;
    });
    assert!(steps > 10, "{steps}");
    container.finish();
}

/// A command chooses what it is called. It has not the say over who comes in.
#[test]
fn a_command_that_calls_itself_as_the_held_one_is_entered() {
    let Some(lab) = Lab::as_root() else { return };
    let renamed = lab.start("09 --network none --name renamed", "printf lab:held > /proc/$$/comm");
    assert_eq!(fs::read_to_string(format!("/proc/{}/comm", renamed.pid)).unwrap(), "lab:held\n");
    assert_eq!(lab.lab(["exec", "renamed", "echo", "in"]).ok(), "in\n");
    renamed.finish();
}

/// A path that a process is about to hand to the kernel.
fn path_at(pid: i32, address: u64) -> String {
    let memory = File::open(format!("/proc/{pid}/mem")).expect("its memory");
    let mut path = vec![0; 64];
    let length = memory.read_at(&mut path, address).expect("it is mapped");
    let text = path[..length].split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// CVE-2025-52881: among the container's mounts, /proc is whatever the container has put there.
#[test]
fn what_comes_in_asks_no_proc_of_the_containers() {
    let Some(lab) = Lab::as_root() else { return };
    for options in ["04", "09 --network none"] {
        let container = lab.start(&format!("{options} --name web"), "");
        let (mut is_inside, mut opened) = (false, Vec::new());
        at_each_step(&lab, "web", |pid, call| match call.number {
            libc::SYS_setns => {
                is_inside |= call.arguments[1] & u64::from(libc::CLONE_NEWNS.cast_unsigned()) != 0;
            }
            libc::SYS_openat | libc::SYS_openat2 if is_inside => {
                opened.push(path_at(pid, call.arguments[1]));
            }
            _ => {}
        });
        // It looks for its user, which is the container's to tell.
        assert!(opened.iter().any(|path| path.contains("passwd")), "{options}: {opened:?}");
        assert!(!opened.iter().any(|path| path.contains("proc")), "{options}: {opened:?}");
        container.finish();
    }
}

/// CVE-2026-88264: a container's /dev/null may be a link to a file, or to one of the host.
#[test]
fn streams_are_not_those_that_the_container_offers() {
    let Some(lab) = Lab::as_root() else { return };
    let fake = "echo kept > /tmp/fake; rm /dev/null; ln -s /tmp/fake /dev/null";
    for options in ["07 --network none", "09 --network none --privileged"] {
        let container = lab.start(&format!("{options} --name web"), fake);
        for detach in ["", "-d"] {
            let script = "cat; echo said; echo complained >&2; touch /tmp/done";
            let words = ["exec", "-u", "1000", detach, "web", "sh", "-c", script];
            lab.lab(words.iter().filter(|word| !word.is_empty())).ok();
            eventually("the command has ended", || {
                lab.lab(["exec", "web", "rm", "/tmp/done"]).code == 0
            });
        }
        let look = "cat /tmp/fake; stat -c %u:%a /tmp/fake";
        let seen = lab.lab(["exec", "web", "sh", "-c", look]).ok();
        assert_eq!(seen, "kept\n0:644\n", "{options}");
        container.finish();
    }
}

/// Who is still held before its command has the runtime's power.
#[test]
fn a_container_that_has_not_started_is_not_entered() {
    let Some(lab) = Lab::as_root() else { return };
    let mut run = lab.program("lab");
    run.args(["run", "09", "--network", "none", "--view", "none", "--name", "early", "--", "true"]);
    let mut tracer = Tracer::start(run).expect("lab starts");
    let runtime = tracer.first();
    let mut said = Vec::new();
    while let Some((pid, event)) = tracer.next_event().expect("our children") {
        let is_there =
            || lab.ids().iter().any(|id| lab.records().join(id).join("container.json").exists());
        match event {
            Event::Entered(_) if pid == runtime && is_there() => {
                said.push(lab.lab(["exec", "early", "true"]).stderr);
                if said.len() == 5 {
                    tracer.let_go();
                }
            }
            Event::Executed if pid != runtime => tracer.let_go(),
            Event::Exited(_) | Event::Killed(_) if pid == runtime => break,
            _ => {}
        }
    }
    assert!(said.first().is_some_and(|it| it.contains("has not started yet")), "{said:?}");
}
