//! The runtime is killed, and its container is alive.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::host::Host;
use harness::{Lab, Started, eventually, kernel, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Clears its parent-death signal, see prctl(2), and stays.
const DEAF: &str = "exec setpriv --pdeathsig clear sh -c 'echo ready; sleep 1000'";

fn kill_runtime(container: &Started) {
    kill(Pid::from_raw(container.runtime), Signal::SIGKILL).expect("it runs");
    eventually("the runtime ends", || !kernel::is_alive(container.runtime));
}

/// A container that has outlived its runtime; `None` where the host has no setpriv(1) to
/// lend it.
fn outlive_runtime(host: &Host, chapter: &str) -> Option<Started> {
    if !Path::new("/usr/bin/setpriv").exists() {
        skip::skip("needs setpriv of the package util-linux");
        return None;
    }
    let libraries = ["/usr", "/lib", "/lib64"].into_iter().filter(|dir| Path::new(dir).exists());
    let volumes: String = libraries.map(|dir| format!(" -v {dir}:{dir}:ro")).collect();
    let container = host.start(&format!("{chapter}{volumes}"), DEAF);
    kill_runtime(&container);
    assert!(kernel::is_alive(container.pid), "nothing told it to end");
    Some(container)
}

#[test]
fn a_container_ends_with_its_runtime_whoever_runs_in_it() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    for args in ["chapter-07", "chapter-07 -u 1000", "chapter-08", "chapter-09 -u 1000"] {
        let container = host.start(args, "");
        kill_runtime(&container);
        eventually(args, || !kernel::is_alive(container.pid));
        host.lab(&["clean"]).ok();
        host.assert_clean(&host.new_ids(), args);
    }
}

#[test]
fn lab_clean_ends_a_container_that_has_outlived_its_runtime() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    // The first has no cgroup by which it could be found.
    for chapter in ["chapter-03", "chapter-07", "chapter-09"] {
        let Some(container) = outlive_runtime(&host, chapter) else { return };
        let said = host.lab(&["clean"]).ok();
        let line = format!("removed process {}, which had lost its runtime\n", container.pid);
        assert!(said.contains(&line), "{chapter}: {said}");
        assert!(!kernel::is_alive(container.pid), "{chapter}");
        host.assert_clean(&host.new_ids(), chapter);
    }
}

#[test]
fn the_next_run_ends_a_container_that_has_outlived_its_runtime() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let Some(container) = outlive_runtime(&host, "chapter-03") else { return };
    assert_eq!(host.lab(&["run", "chapter-02", "--", "echo", "it runs"]).ok(), "it runs\n");
    assert!(!kernel::is_alive(container.pid));
    host.assert_clean(&host.new_ids(), "the next run");
}

#[test]
fn a_process_that_has_ended_already_is_not_said_to_be_removed() {
    let lab = Lab::new();
    // A zombie: nobody has waited for it.
    let mut zombie = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    let pid = zombie.id();
    eventually("it ends", || !kernel::is_alive(pid.cast_signed()));
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let tick = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let record = lab.records().join("0123456789ab");
    fs::create_dir_all(&record).unwrap();
    let text = format!("{pid}\n{tick} {}\nchapter-03-mount-ns\n\nsh\0", boot.trim());
    fs::write(record.join("container"), text).unwrap();
    assert_eq!(lab.lab(["clean"]).ok(), "removed record of 0123456789ab\n");
    zombie.wait().unwrap();
    // A record in which there is something that nobody knows, stays, and is not said to go.
    fs::create_dir(&record).unwrap();
    fs::write(record.join("unknown"), "").unwrap();
    let ran = lab.lab(["clean"]);
    assert_eq!((ran.code, &*ran.stdout), (125, ""), "{ran:?}");
    assert!(ran.stderr.contains("something unknown in it"), "{}", ran.stderr);
    fs::remove_dir_all(&record).unwrap();
}

#[test]
fn a_process_that_has_only_the_number_of_a_dead_container_is_not_ended() {
    let lab = Lab::new();
    let mut innocent = Command::new("sleep");
    // By that it ends with the test, should the test fail.
    innocent.env("LAB_STATE_DIR", lab.state_dir()).arg("1000").stdin(Stdio::null());
    let mut innocent = innocent.spawn().unwrap();
    let record = lab.records().join("0123456789ab");
    fs::create_dir_all(&record).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let process = json!({ "pid": innocent.id(), "tick": 4711, "boot": boot.trim() });
    fs::write(record.join("container.json"), announcement(1, &process)).unwrap();
    assert_eq!(lab.lab(["clean"]).ok(), "removed record of 0123456789ab\n");
    assert!(kernel::is_alive(innocent.id().cast_signed()));
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

#[test]
fn a_process_is_recognised_whatever_it_calls_itself() {
    let lab = Lab::new();
    // A name that is no text, and one that looks like the fields behind a name.
    for name in ["\\377\\376", ") R 1 1 (", "\\n"] {
        let script = format!("printf '{name}' > /proc/$$/comm; echo renamed; read line");
        let mut shell = Command::new("sh");
        shell.env("LAB_STATE_DIR", lab.state_dir()).args(["-c", &script]);
        let mut orphan = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(orphan.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        let pid = orphan.id();
        let record = lab.records().join("0123456789ab");
        fs::create_dir_all(&record).unwrap();
        let process = identity(pid);
        fs::write(record.join("container.json"), announcement(1, &process)).unwrap();
        let cleaned = lab.lab(["clean"]).ok();
        assert!(cleaned.contains(&format!("removed process {pid}")), "{name}: {cleaned}");
        orphan.wait().unwrap();
    }
}

/// What a record says of a container whose first process is `process`.
fn announcement(version: u32, process: &Value) -> String {
    json!({
        "version": version, "id": "0123456789ab", "name": null, "chapter": "chapter-03-mount-ns",
        "created": 0, "process": process, "command": ["sh"],
    })
    .to_string()
}

#[test]
fn a_record_of_a_later_version_is_left_alone() {
    let lab = Lab::new();
    let record = lab.records().join("0123456789ab");
    fs::create_dir_all(&record).unwrap();
    fs::write(record.join("container.json"), r#"{"version": 4, "all else": "is new"}"#).unwrap();
    let ran = lab.lab(["clean"]);
    assert_eq!((ran.code, &*ran.stdout), (125, ""), "{ran:?}");
    assert!(ran.stderr.contains("its version is 4"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: a later version of lab"), "{}", ran.stderr);
    let ran = lab.lab(["run", "chapter-00", "--view", "none", "--", "echo", "it runs"]);
    assert_eq!((ran.code, &*ran.stdout), (0, "it runs\n"), "{ran:?}");
    assert!(record.join("container.json").exists());
    fs::remove_dir_all(&record).unwrap();
}

/// They were lines of text at first, and lay right below the state directory.
#[test]
fn records_of_earlier_versions_are_found_while_their_containers_live_and_swept_afterwards() {
    let lab = Lab::new();
    let process = json!({ "pid": 1, "tick": 1, "boot": "0b6f" });
    let words = b"1\n1 0b6f\nchapter-03-mount-ns\nold\nsh\0".to_vec();
    let json = announcement(1, &process).replace("null", "\"old\"").into_bytes();
    for (file, text) in [("container", words), ("container.json", json)] {
        let record = lab.state_dir().join("0123456789ab");
        fs::create_dir(&record).unwrap();
        fs::write(record.join(file), text).unwrap();
        // What of it is swept has to be found by the same record.
        fs::write(record.join("cgroup"), "").unwrap();
        let owner = fs::File::open(&record).unwrap();
        owner.lock().unwrap();
        assert_eq!(lab.lab(["clean"]).ok(), "nothing to clean\n");
        let ran = lab.lab(["view", "nobody"]);
        assert!(ran.stderr.contains("running: 0123456789ab (old)"), "{file}: {ran:?}");
        drop(owner);
        let swept = lab.lab(["clean"]).ok();
        assert!(swept.ends_with("removed record of 0123456789ab\n"), "{file}: {swept}");
        assert!(!record.exists(), "{file}");
    }
}

/// An earlier version would take it for its own, and sweep what it does not know.
#[test]
fn no_record_lies_where_earlier_versions_look_for_theirs() {
    let lab = Lab::new();
    let script =
        "ls \"$LAB_STATE_DIR\" \"$LAB_STATE_DIR\"/containers | sed 's/^[0-9a-f][0-9a-f]*$/ID/'";
    let ran = lab.sh("chapter-00 --view none -e LAB_STATE_DIR", script);
    let state = lab.state_dir().display();
    assert_eq!(ran.ok(), format!("{state}:\ncontainers\n\n{state}/containers:\nID\n"));
}

#[test]
fn what_is_no_text_is_written_down_as_well() {
    let lab = Lab::new();
    let script = r#"cat "$LAB_STATE_DIR"/containers/*/container.json; exec true "$@""#;
    let word = OsStr::from_bytes(b"caf\xe9");
    let mut run = lab.program("lab");
    run.args(["run", "chapter-00", "--view", "none", "-e", "LAB_STATE_DIR", "--"]);
    let ran = harness::ran(run.args(["sh", "-c", script, "sh"]).arg(word).output().unwrap());
    let said: Value = serde_json::from_str(&ran.ok()).unwrap();
    assert_eq!(said["command"], json!(["sh", "-c", script, "sh", { "base64": "Y2Fm6Q==" }]));
    let words = said["words"].as_array().unwrap();
    assert_eq!(words[1], "run");
    assert_eq!(words.last(), Some(&json!({ "base64": "Y2Fm6Q==" })));
    assert_eq!(said["id"].as_str().map(str::len), Some(64));
}

#[test]
fn the_record_has_what_the_options_have_meant() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let root = lab.state_dir().join(OsStr::from_bytes(b"caf\xe9"));
    std::os::unix::fs::symlink("/", &root).unwrap();
    fs::write(lab.state_dir().join("variables"), "A=1\nB=2\n").unwrap();
    let look = "cat \"$0\"/containers/*/container.json";
    let told = |chapter: &str, root: &Path| {
        let mut run = lab.program("lab");
        run.args(["run", chapter, "--view", "none", "--name", "web", "-w", "/tmp", "-u", "0"]);
        run.current_dir(lab.state_dir()).args(["--env-file", "variables", "-e", "B=3"]);
        if chapter != "chapter-00" {
            run.arg("--rootfs").arg(root);
        }
        run.args(["--", "sh", "-c", look]).arg(lab.state_dir());
        let told: Value = serde_json::from_str(&harness::ran(run.output().unwrap()).ok()).unwrap();
        told["resolved"].clone()
    };
    let command = json!({
        "name": "web", "argv": ["sh", "-c", look, lab.state_dir()], "workdir": "/tmp", "user": "0",
        "env": [["A", "1"], ["B", "2"], ["B", "3"]],
    });
    assert_eq!(told("chapter-00", &root), json!({ "command": command }));
    // Whose links are resolved, and which is absolute.
    let resolved = json!({ "command": command, "root": "/", "init": false });
    assert_eq!(told("chapter-02", &root), resolved);
    // A name that is no text keeps nothing from being written down.
    let odd = lab.state_dir().join(OsStr::from_bytes(b"odd\xe9"));
    fs::create_dir(&odd).unwrap();
    let mut run = lab.program("lab");
    let run = run.args(["run", "chapter-01", "--view", "none", "--rootfs"]).arg(odd).arg("sh");
    let ran = harness::ran(run.output().unwrap());
    assert!(ran.code == 127 && ran.stderr.contains("exec sh"), "{ran:?}");
}

#[test]
fn lab_clean_leaves_a_container_alone_that_belongs_to_itself_and_lives() {
    let lab = Lab::new();
    let mut container = Command::new("sleep");
    // By that it ends with the test, should the test fail.
    container.env("LAB_STATE_DIR", lab.state_dir()).arg("1000").stdin(Stdio::null());
    let mut container = container.spawn().unwrap();
    let record = lab.records().join("0123456789ab");
    fs::create_dir_all(&record).unwrap();
    let announcement = json!({
        "version": 2, "id": "0123456789ab", "name": "web", "chapter": "chapter-03-mount-ns",
        "owner": "itself", "created": 0, "process": identity(container.id()), "command": ["sleep"],
    });
    fs::write(record.join("container.json"), announcement.to_string()).unwrap();
    fs::write(record.join("cgroup"), "").unwrap();
    let name = lab.state_dir().join("names/web");
    fs::create_dir(lab.state_dir().join("names")).unwrap();
    symlink("0123456789ab", &name).unwrap();
    assert_eq!(lab.lab(["clean"]).ok(), "nothing to clean\n");
    let ran = lab.lab(["run", "chapter-00", "--name", "web", "--", "true"]);
    assert!(ran.stderr.contains("the name web is in use"), "{ran:?}");
    assert!(record.join("cgroup").exists() && kernel::is_alive(container.id().cast_signed()));
    container.kill().unwrap();
    container.wait().unwrap();
    let swept = lab.lab(["clean"]).ok();
    assert!(swept.ends_with("removed record of 0123456789ab\n"), "{swept}");
    assert!(!name.is_symlink());
}

/// A process, as a record names it.
fn identity(pid: u32) -> Value {
    let stat = fs::read(format!("/proc/{pid}/stat")).unwrap();
    let stat = String::from_utf8_lossy(&stat).into_owned();
    let fields = stat.rsplit(')').next().unwrap();
    let tick: u64 = fields.split_whitespace().nth(19).unwrap().parse().unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    json!({ "pid": pid, "tick": tick, "boot": boot.trim() })
}
