//! Processes that others have isolated: `lab exec --pid N`.

use std::fs;
use std::process::{Child, Command, Stdio};

use harness::{Lab, eventually, kernel, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tracer::{Event, Tracer};

use super::{assert_has_the_same, come_in, sh};

/// A program that says `ready`, and its process that is isolated: its only child.
fn isolated(mut program: Command) -> (Child, i32) {
    let mut child =
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    kernel::read_until(child.stdout.as_mut().expect("a pipe"), "ready\n").expect("it is ready");
    let runtime = child.id().cast_signed();
    let pid = kernel::wait_for("its process", || child_of(runtime));
    (child, pid)
}

/// The only child of a process that may have several threads.
fn child_of(pid: i32) -> Option<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let children = threads.map(|thread| fs::read_to_string(thread.path().join("children")));
    children.flatten().find_map(|list| list.split_whitespace().next()?.parse().ok())
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait().expect("it ends");
}

const READY: &str = "echo ready; read line; true";

#[test]
fn what_unshare_has_isolated_is_entered() {
    let Some(lab) = Lab::as_root() else { return };
    if !skip::has_one_of(&["unshare"]) {
        return;
    }
    for namespaces in ["--uts --net", "--pid --mount-proc --ipc --cgroup", "--user --map-root-user"]
    {
        let mut unshare = Command::new("unshare");
        unshare.arg("--fork").args(namespaces.split_whitespace());
        let (child, pid) = isolated({
            unshare.args(["sh", "-c", READY]).env("COLOUR", "red").env("HOME", "/theirs");
            unshare
        });
        let guest = come_in(&lab, &format!("--pid {pid}"));
        assert_has_the_same(guest.pid, pid, namespaces);
        assert_eq!(guest.leave().code, 0);
        let said = sh(&lab, &format!("--pid {pid}"), "echo $COLOUR $HOME ${LAB_STATE_DIR-none}");
        assert_eq!(said.ok(), "red /theirs none\n", "{namespaces}");
        end(child);
    }
}

#[test]
fn a_process_with_a_changed_root_is_entered_there() {
    let Some(lab) = Lab::as_root() else { return };
    let mut chroot = Command::new("sh");
    chroot.args(["-c", "chroot \"$0\" /bin/sh -c \"$1\"; true"]).arg(lab.image()).arg(READY);
    let (child, pid) = isolated(chroot);
    let guest = come_in(&lab, &format!("--pid {pid}"));
    assert_has_the_same(guest.pid, pid, "chroot");
    assert_eq!(guest.leave().code, 0);
    end(child);
}

/// What crun and runc shall run: a user namespace is chosen by `namespaces`, and the filter
/// is of two system calls.
fn bundle(lab: &Lab, runtime: &str) -> std::path::PathBuf {
    let bundle = lab.state_dir().join(format!("bundle-{runtime}"));
    fs::create_dir(&bundle).expect("a directory");
    let copied = Command::new("cp").arg("-a").arg(lab.image()).arg(bundle.join("rootfs")).status();
    assert!(copied.expect("cp starts").success());
    let some = r#"["CAP_KILL", "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID"]"#;
    let config = format!(
        r#"{{"ociVersion": "1.0.2",
        "process": {{"args": ["sh", "-c", "{READY}"], "cwd": "/", "env": ["PATH=/bin", "COLOUR=red"],
            "user": {{"uid": 0, "gid": 0, "additionalGids": [5, 6]}}, "noNewPrivileges": true,
            "capabilities": {{"bounding": {some}, "effective": {some}, "permitted": {some}}},
            "rlimits": [{{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}}]}},
        "root": {{"path": "rootfs"}},
        "mounts": [{{"type": "proc", "source": "proc", "destination": "/proc"}}],
        "linux": {{"namespaces": [{{"type": "pid"}}, {{"type": "mount"}}, {{"type": "uts"}},
                {{"type": "ipc"}}, {{"type": "network"}}],
            "seccomp": {{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                {{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}}]}}}}}}"#
    );
    fs::write(bundle.join("config.json"), config).expect("a file");
    bundle
}

/// Runs what is asked of a container of another runtime's.
fn assert_is_entered(runtime: &str) {
    let Some(lab) = Lab::as_root() else { return };
    if !skip::has_one_of(&[runtime]) {
        return;
    }
    let (root, id) = (lab.state_dir().join(runtime), format!("lab-test-{}", std::process::id()));
    // They do not start where cgroups of both versions are mounted; a mount namespace of
    // their own lacks that of v2.
    let script = "grep -q ' - cgroup ' /proc/self/mountinfo && for at in \
        $(awk '$3 == \"cgroup2\" { print $2 }' /proc/self/mounts); do umount \"$at\"; done
        exec \"$0\" \"$@\"";
    let mut program = Command::new("unshare");
    program.args(["--mount", "--propagation", "private", "sh", "-c", script, runtime]);
    program.arg("--root").arg(&root).args(["run", "--bundle"]).arg(bundle(&lab, runtime)).arg(&id);
    let (child, pid) = isolated(program);
    let guest = come_in(&lab, &format!("--pid {pid}"));
    assert_has_the_same(guest.pid, pid, runtime);
    assert_eq!(guest.leave().code, 0);
    let made = sh(&lab, &format!("--pid {pid}"), "echo $COLOUR; mkdir /tmp/new");
    assert!(made.code != 0 && made.stdout == "red\n", "{made:?}");
    assert!(made.stderr.contains("not permitted"), "{made:?}");
    // It goes on as before.
    assert!(kernel::is_alive(pid));
    end(child);
    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

#[test]
fn a_container_of_crun_is_entered_with_its_filter() {
    assert_is_entered("crun");
}

#[test]
fn a_container_of_runc_is_entered_with_its_filter() {
    assert_is_entered("runc");
}

/// Its signals come while it is stopped for its filters: those are for it, and not for us.
#[test]
fn a_process_whose_filters_are_read_gets_its_signals() {
    let Some(lab) = Lab::as_root() else { return };
    // The last one is a real-time signal, which has no name.
    for name in ["USR1", "34"] {
        // A signal ends a `read`, so that there are two.
        let script = format!("trap 'echo got it' {name}; echo ready; read line; read line");
        let container = lab.start("09 --network none", &script);
        let pid = container.pid;
        let mut exec = lab.program("lab");
        exec.args(["exec", "--pid", &pid.to_string(), "true"]);
        let mut tracer = Tracer::start(exec).expect("lab starts");
        let mut has_it = false;
        while let Some((_, event)) = tracer.next_event().expect("our children") {
            match event {
                // From here on it is traced, and stops at a signal before it is asked to.
                Event::Entered(call)
                    if call.number == libc::SYS_ptrace
                        && call.arguments[0] == u64::from(libc::PTRACE_INTERRUPT) =>
                {
                    let kill = format!("kill -{name} {pid}");
                    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
                    eventually("it stands still", || {
                        let status = fs::read_to_string(format!("/proc/{pid}/status"));
                        status.is_ok_and(|status| status.contains("State:\tt"))
                    });
                    tracer.let_go();
                    has_it = true;
                }
                // The container is our child as well, and lives on.
                Event::Exited(code) => {
                    assert_eq!(code, 0, "{name}");
                    break;
                }
                _ => {}
            }
        }
        assert!(has_it, "{name}: its filters were read");
        assert_eq!(container.finish().ok(), "got it\nready\n", "{name}");
    }
}
