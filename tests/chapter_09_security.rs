//! Chapter 9: a root that can do little harm.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::{Lab, Ran, assert_snapshot, kernel, skip};

use crate::chapter_09_seccomp::{call, has_perl};

/// Docker's fourteen, as /proc/PID/status shows them.
const DEFAULT_SET: &str = "00000000a80425fb";
const EMPTY_SET: &str = "0000000000000000";

/// A field of /proc/PID/status, which is the kernel's word on it.
fn status(pid: i32, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.expect("a field").trim().to_owned()
}

/// The five capability sets of a container's first process.
fn capability_sets(pid: i32) -> [String; 5] {
    ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(|set| status(pid, set))
}

/// `lab run`, started with other privileges than root has: see setpriv(1).
fn with_privileges(lab: &Lab, privileges: &[&str], args: &str) -> Ran {
    let run = lab.program("lab");
    let mut outer = Command::new("setpriv");
    outer.args(privileges).arg(run.get_program());
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = outer.arg("run").args(args.split(' ')).output().expect("setpriv starts");
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

#[test]
fn root_has_fourteen_capabilities_and_cannot_get_more() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-09 --userns host --network none", "");
    let expected = [EMPTY_SET, DEFAULT_SET, DEFAULT_SET, DEFAULT_SET, EMPTY_SET];
    assert_eq!(capability_sets(container.pid), expected);
    assert_eq!(container.finish().code, 0);
}

#[test]
fn another_user_has_no_capability() {
    let Some(lab) = Lab::as_root() else { return };
    for args in ["", "--security-opt no-new-privileges=false", "--cap-add NET_ADMIN"] {
        let container =
            lab.start(&format!("chapter-09 --userns host --network none -u 1234 {args}"), "");
        let [inheritable, permitted, effective, bounding, ambient] = capability_sets(container.pid);
        assert_eq!([inheritable, permitted, effective, ambient], [EMPTY_SET; 4], "{args}");
        assert_ne!(bounding, EMPTY_SET);
        assert_eq!(status(container.pid, "Uid"), "1234\t1234\t1234\t1234");
        container.finish();
    }
}

#[test]
fn capabilities_are_added_and_dropped_as_docker_does() {
    let Some(lab) = Lab::as_root() else { return };
    for (args, expected) in [
        ("--cap-drop ALL", EMPTY_SET),
        ("--cap-drop all --cap-add CAP_CHOWN", "0000000000000001"),
        ("--cap-drop chown", "00000000a80425fa"),
        ("--cap-add NET_ADMIN", "00000000a80435fb"),
    ] {
        let container = lab.start(&format!("chapter-09 --userns host --network none {args}"), "");
        let expected = [EMPTY_SET, expected, expected, expected, EMPTY_SET];
        assert_eq!(capability_sets(container.pid), expected, "{args}");
        container.finish();
    }
    let script = "chown 1 /tmp || echo refused";
    assert_eq!(
        lab.sh("chapter-09 --userns host --network none --cap-drop chown", script).stdout,
        "refused\n"
    );
}

#[test]
fn a_capability_that_the_runtime_lacks_is_named_if_it_was_asked_for() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = with_privileges(
        &lab,
        &["--bounding-set", "-sys_time"],
        "chapter-09 --userns host --network none --cap-add SYS_TIME -- true",
    );
    assert_eq!(ran.code, 125);
    assert_snapshot!("missing_capability", ran.stderr);
    for args in ["--cap-add ALL", "--privileged"] {
        let args = format!(
            "chapter-09 --userns host --network none {args} -- grep CapEff /proc/self/status"
        );
        let ran = with_privileges(&lab, &["--bounding-set", "-sys_time"], &args);
        let set = ran.ok();
        let set = u64::from_str_radix(set.trim_start_matches("CapEff:").trim(), 16).unwrap();
        assert_eq!(set >> 25 & 1, 0, "SYS_TIME cannot be given");
        assert_eq!(set >> 21 & 1, 1, "SYS_ADMIN can");
    }
}

#[test]
fn what_the_caller_would_hand_on_ends_with_the_runtime() {
    let Some(lab) = Lab::as_root() else { return };
    let caller = ["--inh-caps", "+net_admin,+chown", "--ambient-caps", "+net_admin,+chown"];
    for user in ["0", "1234"] {
        let args =
            format!("chapter-09 --userns host --network none -u {user} -- cat /proc/self/status");
        let status = with_privileges(&lab, &caller, &args).ok();
        for set in ["CapInh", "CapAmb"] {
            assert!(status.contains(&format!("{set}:\t{EMPTY_SET}\n")), "{user}: {status}");
        }
    }
}

#[test]
fn a_setuid_program_gains_nothing_unless_it_is_allowed_to() {
    let Some(lab) = Lab::as_root() else { return };
    for (args, expected) in [
        ("", "1"),
        ("--security-opt no-new-privileges", "1"),
        ("--security-opt no-new-privileges:false", "0"),
    ] {
        let container = lab.start(&format!("chapter-09 --userns host --network none {args}"), "");
        assert_eq!(status(container.pid, "NoNewPrivs"), expected, "{args}");
        assert_eq!(status(container.pid, "Seccomp"), "2", "{args}");
        container.finish();
    }
}

#[test]
fn what_proc_and_sys_show_of_the_host_is_covered() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts \
                  /sys/firmware /proc/acpi /proc/scsi; do \
                  if [ -d $f ]; then ls -A $f; elif [ -e $f ]; then head -c 1 $f; fi; done; \
                  umount /proc/keys 2> /dev/null || echo stays";
    assert_eq!(lab.sh("chapter-09 --userns host --network none", script).stdout, "stays\n");
    let container = lab.start("chapter-09 --userns host --network none", "");
    let table = fs::read_to_string(format!("/proc/{}/mountinfo", container.pid)).unwrap();
    for path in ["/proc/keys", "/proc/kcore", "/proc/timer_list", "/sys/firmware"] {
        let is_covered = table.lines().any(|line| line.split(' ').nth(4) == Some(path));
        assert_eq!(is_covered, Path::new(path).exists(), "{path}");
    }
    container.finish();
}

#[test]
fn how_hot_the_processors_are_is_covered_for_each_of_them() {
    let Some(lab) = Lab::as_root() else { return };
    // A container with the host's network in a user namespace sees the host's own /sys.
    let prepare = "cd /sys/devices/system/cpu; mount -t tmpfs none .; cd ../cpu; \
                   for n in 0 1 12; do mkdir -p cpu$n/thermal_throttle cpu$n/cache; \
                   echo secret > cpu$n/thermal_throttle/core_throttle_count; \
                   echo known > cpu$n/cache/size; done; echo 0-12 > online; cd /";
    let script = "cd /sys/devices/system/cpu; cat online cpu*/cache/size; \
                  ls -d cpu*/thermal_throttle; ls -A cpu*/thermal_throttle | grep -v :";
    let args = ["run", "chapter-09", "--network", "host", "--", "sh", "-c", script];
    let ran = lab.lab_with_mounts(prepare, &args);
    let covered = "cpu0/thermal_throttle\ncpu1/thermal_throttle\ncpu12/thermal_throttle\n";
    let expected = format!("0-12\nknown\nknown\nknown\n{covered}");
    assert_eq!(ran.stdout.trim_end(), expected.trim_end(), "{ran:?}");
}

#[test]
fn the_hosts_settings_can_be_read_and_not_written() {
    let Some(lab) = Lab::as_root() else { return };
    // Opened for writing, which decides it; nothing is written.
    let script = "cat /proc/sys/kernel/ostype; (: >> /proc/sys/kernel/core_pattern) && echo open";
    assert_eq!(lab.sh("chapter-07 --network none", script).stdout, "Linux\nopen\n");
    let ran = lab.sh("chapter-09 --userns host --network none", script);
    assert_eq!(ran.stdout, "Linux\n");
    assert!(ran.stderr.contains("ead-only file system"), "{}", ran.stderr);
}

/// Opens devices of the host, by nodes it makes; prints those that it could open.
const OPEN_DEVICES: &str = "for d in 'b 254 0' 'b 8 0' 'b 7 0' 'c 1 11' 'c 10 200'; do \
    mknod /tmp/node $d && (exec 3< /tmp/node) 2> /dev/null && echo $d; rm /tmp/node; done; \
    mknod /tmp/null c 1 3 && echo x > /tmp/null && head -c 2 /dev/urandom | wc -c";

#[test]
fn a_device_node_can_be_made_and_not_opened() {
    let Some(lab) = Lab::as_root() else { return };
    let before = lab.sh("chapter-07 --network none", OPEN_DEVICES).ok();
    if before.lines().count() < 2 {
        return skip::skip("no device to open here, not even without rules");
    }
    assert_eq!(lab.sh("chapter-09 --userns host --network none", OPEN_DEVICES).ok().trim(), "2");
    assert_eq!(
        lab.sh("chapter-09 --userns host --network none --privileged", OPEN_DEVICES).ok(),
        before
    );
}

/// Opens /dev/kmsg for reading and for writing, and looks at what else there is.
const OPEN_KMSG: &str = "(exec 3< /dev/given) 2> /dev/null && echo read; \
    (exec 3>> /dev/given) 2> /dev/null && echo written; ls -l /dev/given | cut -c1; \
    mknod /tmp/disk b 254 0 && (exec 3< /tmp/disk) 2> /dev/null && echo disk; true";

#[test]
fn a_device_that_is_given_can_be_opened_as_far_as_it_is_allowed() {
    let Some(lab) = Lab::as_root() else { return };
    let args = "chapter-09 --userns host --network none --device /dev/kmsg:/dev/given";
    for (access, expected) in
        [("", "read\nwritten\nc\n"), (":r", "read\nc\n"), (":w", "written\nc\n"), (":m", "c\n")]
    {
        let ran = lab.sh(&format!("{args}{access} --cap-add SYSLOG"), OPEN_KMSG);
        assert_eq!(ran.stdout, expected, "{access}: {}", ran.stderr);
    }
    // In a user namespace, what is everybody's; and under the name it has on the host.
    let script = "head -c 3 /dev/given | wc -c; \
                  (exec 3< /dev/kmsg) 2> /dev/null || echo refused";
    let args = "chapter-09 --network none --device /dev/zero:/dev/given --device /dev/kmsg";
    assert_eq!(lab.sh(args, script).ok().replace(' ', ""), "3\nrefused\n");
}

#[test]
fn a_device_that_is_none_is_an_error() {
    let Some(lab) = Lab::as_root() else { return };
    let mut said = String::new();
    for device in ["/dev/no-such-device", "/etc/passwd"] {
        let ran = lab.sh(&format!("chapter-09 --network none --device {device}"), "true");
        assert_eq!(ran.code, 125, "{device}");
        said += &ran.stderr;
    }
    assert_snapshot!("no_device", said);
}

#[test]
fn the_device_rules_hold_on_cgroup_v2_as_well() {
    if !skip::is_root() {
        return;
    }
    if !kernel::mounts().contains(" - cgroup2 ") {
        return skip::skip("needs cgroup v2");
    }
    let lab = Lab::new();
    let before = lab.sh("chapter-07 --network none", OPEN_DEVICES).ok();
    if before.lines().count() < 2 {
        return skip::skip("no device to open here, not even without rules");
    }
    // A host without v1, in a mount namespace that ends with the test.
    let run = lab.program("lab");
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private", "sh", "-c"]);
    outer.arg("awk '$3 == \"cgroup\" { print $2 }' /proc/mounts | xargs -r umount; exec \"$@\"");
    outer.arg("sh").arg(run.get_program());
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = outer
        .args(["run", "chapter-09", "--userns", "host", "--network", "none"])
        .args(["--device", "/dev/kmsg:/dev/given:r", "--cap-add", "SYSLOG", "--", "sh", "-c"])
        .arg(format!("{OPEN_DEVICES}; {OPEN_KMSG}; ls -d /sys/fs/cgroup/devices"))
        .output()
        .expect("unshare starts");
    // The one that was given, and no other: 1 11 is kmsg.
    assert_eq!(String::from_utf8_lossy(&output.stdout), "c 1 11\n2\nread\nc\n");
}

#[test]
fn a_ulimit_has_a_soft_and_a_hard_part() {
    let Some(lab) = Lab::as_root() else { return };
    let args = "chapter-09 --userns host --network none --ulimit nofile=100:200 --ulimit core=0";
    let container = lab.start(args, "");
    let limits = fs::read_to_string(format!("/proc/{}/limits", container.pid)).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
        line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max open files"), ["100", "200"]);
    assert_eq!(limit("Max core file size"), ["0", "0"]);
    container.finish();
    // Raised up to the hard limit by the container itself, and no further.
    let script = "ulimit -n 200 && ulimit -n 201 2> /dev/null || echo refused";
    assert_eq!(lab.sh(args, script).stdout, "refused\n");
}

#[test]
fn a_hard_limit_cannot_be_raised_without_the_capability() {
    let Some(lab) = Lab::as_root() else { return };
    let args = "chapter-09 --userns host --network none --ulimit nofile=1048577 -- true";
    let ran = with_privileges(&lab, &["--bounding-set", "-sys_resource"], args);
    assert_eq!(ran.code, 125);
    assert_snapshot!("raised_limit", ran.stderr, filters => &[(r"it is \d+ here", "it is <number> here")]);
}

#[test]
fn a_command_that_cannot_be_executed_is_still_reported() {
    let Some(lab) = Lab::as_root() else { return };
    for (command, code) in [("no-such-command", 127), ("/etc", 126), ("true", 0)] {
        let ran = lab.lab(["run", "chapter-09", "--network", "none", "--", command]);
        assert_eq!(ran.code, code, "{command}: {}", ran.stderr);
    }
}

#[test]
fn the_callers_keys_stay_with_the_caller() {
    if !skip::is_root() || !has_perl() {
        return;
    }
    let lab = Lab::new();
    // KEYCTL_GET_KEYRING_ID of the session keyring, which is made if there is none.
    let session = |args: &str| call(&lab, args, libc::SYS_keyctl, "0, -3, 0").ok();
    let unconfined = "chapter-09 --userns host --network none --security-opt seccomp=unconfined";
    let (earlier, now) = (session("chapter-07 --network none"), session(unconfined));
    assert_eq!(earlier, session("chapter-07 --network none"), "shared with the caller");
    assert_ne!(earlier, now);
    assert_ne!(now, session(unconfined));
}

#[test]
fn a_privileged_container_has_none_of_it() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-09 --userns host --network none --privileged", "");
    let [inheritable, permitted, effective, bounding, ambient] = capability_sets(container.pid);
    let ours = status(std::process::id().cast_signed(), "CapPrm");
    assert_eq!([permitted, effective, bounding], [ours.clone(), ours.clone(), ours]);
    assert_eq!([inheritable, ambient], [EMPTY_SET; 2]);
    assert_eq!(status(container.pid, "Seccomp"), "0");
    assert_eq!(status(container.pid, "NoNewPrivs"), "0");
    container.finish();
    let script = "(: >> /proc/sys/kernel/core_pattern) && mount -t tmpfs none /mnt && echo mounted";
    assert_eq!(
        lab.sh("chapter-09 --userns host --network none --privileged", script).ok(),
        "mounted\n"
    );
}

#[test]
fn the_init_is_confined_like_the_command_and_shows_nothing_of_the_host() {
    let Some(lab) = Lab::as_root() else { return };
    let container =
        lab.start("chapter-09 --userns host --network none --init -u 1234", "echo pid $$");
    assert_eq!(container.said, "pid 2\nready\n");
    assert_eq!(status(container.pid, "Name"), "lab:init");
    assert_eq!(status(container.pid, "Uid"), "1234\t1234\t1234\t1234");
    assert_eq!(status(container.pid, "CapPrm"), EMPTY_SET);
    assert_eq!(status(container.pid, "Seccomp"), "2");
    container.finish();
    // It makes no exec, which would have cleared up after a runtime that does not.
    let container = lab.start("chapter-09 --userns host --network none --init", "");
    let expected = [EMPTY_SET, DEFAULT_SET, DEFAULT_SET, DEFAULT_SET, EMPTY_SET];
    assert_eq!(capability_sets(container.pid), expected);
    container.finish();
    // Root and the same set of capabilities are not enough to look into it.
    let script = "for f in exe environ root mem; do (exec 3< /proc/1/$f) 2> /dev/null && echo $f; \
                  done; readlink /proc/1/exe; true";
    assert_eq!(lab.sh("chapter-09 --userns host --network none --init", script).ok(), "");
}

#[test]
fn its_record_says_what_it_may_do() {
    let Some(lab) = Lab::as_root() else { return };
    let args = "chapter-09 --network none -m 64m --cap-drop ALL --cap-add kill --ulimit core=0";
    let container = lab.start(args, "");
    let record = lab.records().join(container.id()).join("container.json");
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(record).expect("a record")).expect("JSON");
    let resolved = &record["resolved"];
    let security = &resolved["security"];
    for (set, names) in [
        ("bounding", "[\"CAP_KILL\"]"),
        ("effective", "[\"CAP_KILL\"]"),
        ("permitted", "[\"CAP_KILL\"]"),
        ("inheritable", "[]"),
        ("ambient", "[]"),
    ] {
        assert_eq!(security["capabilities"][set].to_string(), names, "{set}");
    }
    assert_eq!(security["no_new_privileges"], true);
    assert_eq!(security["seccomp"], "default");
    let has = |list: &str, path: &str| {
        security[list].as_array().is_some_and(|paths| paths.iter().any(|it| it == path))
    };
    assert!(has("masked", "/proc/kcore") && has("read_only", "/proc/sys"), "{security}");
    assert_eq!(security["ulimits"].to_string(), r#"[{"hard":0,"name":"core","soft":0}]"#);
    assert_eq!(security["device_rules"].as_array().map(Vec::len), Some(11));
    assert_eq!(resolved["network"]["mode"], "none");
    let memory = &resolved["limits"]["settings"][0];
    assert_eq!(
        (&memory["option"], &memory["v2"]["value"]),
        (&"--memory".into(), &"67108864".into())
    );
    assert!(resolved["users"]["own"]["uids"][0]["count"].is_u64(), "{resolved}");
    assert!(resolved["clock"]["offset"].is_null());
    container.finish();
}

#[test]
fn its_system_paths_can_be_left_as_they_are() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "grep -c ' /proc/[^ ]* ' /proc/self/mountinfo";
    let covered = lab.sh("chapter-09 --network none", script);
    assert_ne!(covered.ok(), "0\n");
    let bare = lab.sh("chapter-09 --network none --security-opt systempaths=unconfined", script);
    assert_eq!(bare.stdout, "0\n");
}
