//! `lab doctor`: whether what it says of this host is true.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Lab, Ran, assert_snapshot, copy_program, scratch, skip};
use serde_json::Value;
use tempfile::TempDir;

/// Runs a script that ends in `exec "$@"`, with `lab doctor` and the arguments as `$@`.
fn doctor_after(lab: &Lab, unshare: &[&str], script: &str, args: &[&str]) -> Ran {
    let mut command = lab.program("lab");
    let mut outer = Command::new("unshare");
    outer.args(unshare).args(["sh", "-c", script, "sh"]);
    outer.arg(command.get_program()).arg("doctor").args(args);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    command = outer;
    let output = command.output().expect("unshare is in util-linux");
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

#[track_caller]
fn checks(ran: &Ran) -> Vec<Value> {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr))
}

#[track_caller]
fn row<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Whether the last line says that all chapters can run.
fn says_all_can_run(text: &str) -> bool {
    text.lines().last().is_some_and(|line| line.starts_with("Every chapter can run here"))
}

#[test]
fn each_check_is_a_whole_object_and_has_a_fix_where_one_is_due() {
    let lab = Lab::new();
    let checks = checks(&lab.lab(["doctor", "--json"]));
    let mut names = Vec::new();
    for check in &checks {
        let keys: Vec<_> = check.as_object().expect("an object").keys().collect();
        let mut expected = ["check", "group", "result", "seen", "chapters", "fix"];
        expected.sort_unstable();
        assert_eq!(keys, expected, "{check}");
        let result = check["result"].as_str().expect("a word");
        assert!(["works", "limited", "missing"].contains(&result), "{check}");
        assert_eq!(check["fix"].is_null(), result == "works", "{check}");
        assert!(!check["seen"].as_str().expect("a sentence").is_empty(), "{check}");
        let chapters = check["chapters"].as_array().expect("a list");
        assert!(!chapters.is_empty() && chapters.iter().all(Value::is_u64), "{check}");
        names.push(check["check"].to_string());
    }
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "each name is there once");
}

#[test]
fn the_status_is_what_the_last_line_says_and_it_is_true() {
    let lab = Lab::new();
    let text = lab.lab(["doctor"]);
    assert_eq!(text.code == 0, says_all_can_run(&text.stdout), "{}", text.stdout);
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{}", text.stdout);
    assert_eq!(lab.lab(["doctor", "--json"]).code, text.code);
    if text.code == 0 {
        for number in 0..=7 {
            lab.sh(&format!("chapter-{number:02}"), "true").ok();
        }
    }
}

#[test]
fn nothing_is_left_and_nothing_is_loaded() {
    let lab = Lab::new();
    let place = scratch::directory();
    let modules = || fs::read_to_string("/proc/modules").unwrap_or_default();
    let names = |text: String| -> Vec<String> {
        text.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
    };
    let before = names(modules());
    let output = lab
        .program("lab")
        .arg("doctor")
        .env("LAB_STATE_DIR", place.path().join("not/yet"))
        .output()
        .expect("lab starts");
    assert!(!output.stdout.is_empty());
    assert_eq!(fs::read_dir(place.path()).expect("it is there").count(), 0);
    assert_eq!(names(modules()), before);
}

#[test]
fn the_cgroup_layout_is_that_of_the_mount_table() {
    let lab = Lab::new();
    let checks = checks(&lab.lab(["doctor", "--json"]));
    let seen = row(&checks, "layout")["seen"].as_str().expect("a sentence").to_owned();
    let table = fs::read_to_string("/proc/self/mountinfo").expect("a mount table");
    let has = |kind: &str| table.contains(&format!(" - {kind} "));
    match (has("cgroup"), has("cgroup2")) {
        (true, true) => assert!(seen.starts_with("hybrid: "), "{seen}"),
        (false, true) => assert!(seen.starts_with("v2, at "), "{seen}"),
        (true, false) => assert!(seen.starts_with("v1, "), "{seen}"),
        (false, false) => assert!(seen.starts_with("no hierarchy"), "{seen}"),
    }
    // Each controller's own directory, as the table has it too.
    for name in ["memory", "cpu", "pids"] {
        let check = row(&checks, name);
        let seen = check["seen"].as_str().expect("a sentence");
        if let Some((_, place)) = seen.split_once(" at ") {
            let place = place.split(',').next().unwrap_or(place);
            assert!(table.contains(&format!(" {place} ")), "{name}: {seen}");
        }
    }
}

#[test]
fn a_host_without_nft_is_told_which_package_has_it() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let place = scratch::directory();
    for (os_release, install) in [
        ("ID=debian\n", "apt-get install nftables"),
        ("ID=rocky\nID_LIKE=\"rhel centos fedora\"\n", "dnf install nftables"),
        ("ID=manjaro\nID_LIKE=arch\n", "pacman -S nftables"),
        ("ID=alpine\n", "apk add nftables"),
        ("ID=opensuse-leap\nID_LIKE='suse opensuse'\n", "zypper install nftables"),
    ] {
        let file = place.path().join("os-release");
        fs::write(&file, os_release).expect("written");
        let script = format!(
            "for dir in /usr/sbin /usr/local/sbin /sbin; do
                 ! test -d $dir || mount -t tmpfs hidden $dir || exit
             done
             mount --bind {} /etc/os-release && PATH=/nowhere exec \"$@\"",
            file.display()
        );
        let private = ["--mount", "--propagation", "private"];
        let ran = doctor_after(&lab, &private, &script, &["--json"]);
        let checks = checks(&ran);
        let nft = row(&checks, "nft or iptables");
        assert_eq!((&nft["result"], &nft["fix"]), (&"missing".into(), &install.into()), "{nft}");
    }
}

#[test]
fn without_cgroups_chapter_6_cannot_run() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let private = ["--mount", "--propagation", "private"];
    let script = "umount -R /sys/fs/cgroup && exec \"$@\"";
    let ran = doctor_after(&lab, &private, script, &["--json"]);
    assert_eq!(row(&checks(&ran), "layout")["result"], "missing");
    assert_eq!(ran.code, 1);
    let text = doctor_after(&lab, &private, script, &[]).stdout;
    let verdict = text.lines().last().unwrap_or_default();
    assert!(verdict.contains("00-05, 07") && verdict.ends_with(", 06 cannot"), "{verdict}");
}

#[test]
fn read_only_cgroups_are_a_limit() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let place = row(&checks(&lab.lab(["doctor", "--json"])), "memory")["seen"].to_string();
    let Some(dir) = place.split(" at ").nth(1).and_then(|rest| rest.split(',').next()) else {
        return skip::skip("needs the memory controller");
    };
    let script = format!("mount -o remount,bind,ro {dir} && exec \"$@\"");
    let private = ["--mount", "--propagation", "private"];
    let ran = doctor_after(&lab, &private, &script, &["--json"]);
    let checks = checks(&ran);
    let memory = row(&checks, "memory");
    assert_eq!(memory["result"], "limited", "{memory}");
    assert_eq!(memory["fix"], format!("mount -o remount,rw {dir}"));
}

#[test]
fn what_it_says_of_layers_in_memory_is_what_a_container_meets() {
    let Some(lab) = Lab::as_root() else { return };
    let mount = format!("mount -t tmpfs memory {}", lab.state_dir().display());
    let ran = lab.lab_with_mounts(&mount, &["doctor", "--json"]);
    let checks = checks(&ran);
    for (name, chapter) in [("overlay", "chapter-07"), ("rootless overlay", "chapter-08")] {
        let replace = "rm -r /home && mkdir /home";
        let run = ["run", chapter, "--network", "none", "--", "sh", "-c", replace];
        let works = lab.lab_with_mounts(&mount, &run).code == 0;
        let check = row(&checks, name);
        assert_eq!(check["result"], if works { "works" } else { "limited" }, "{check}");
    }
    assert_eq!(ran.code, 0, "a limit keeps no chapter from running");
}

#[test]
fn where_there_can_be_no_bridge_chapters_run_without_a_network_and_it_says_so() {
    let Some(lab) = Lab::as_root() else { return };
    let read_only = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; ";
    for (script, limited) in [
        ("exec setpriv --bounding-set -net_admin \"$@\"", "bridge and veth"),
        (&format!("{read_only} exec \"$@\""), "forwarding"),
    ] {
        let unshare = ["--mount", "--net", "--propagation", "private"];
        let ran = doctor_after(&lab, &unshare, script, &["--json"]);
        let check = row(&checks(&ran), limited).clone();
        assert_eq!(check["result"], "limited", "{check}");
        let run = script.replace("\"$@\"", "\"$1\" run --view none chapter-05 -- true");
        let run = doctor_after(&lab, &unshare, &run, &[]);
        assert!(run.stderr.starts_with("note: the container has no network: "), "{}", run.stderr);
        assert_eq!((run.code, ran.code), (0, 0), "{script}");
    }
}

#[test]
fn a_limit_on_namespaces_is_found_and_can_be_raised() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let user = ["--user", "--map-root-user"];
    let limit = "echo 0 > /proc/sys/user/max_net_namespaces && ";
    let ran = doctor_after(&lab, &user, &format!("{limit} exec \"$@\""), &[]);
    let end = ran.stdout.find("\nControl groups").expect("the next group");
    let start = ran.stdout.find("\nNamespaces").expect("the group");
    // The last chapter there is.
    let last = &[(r"\b(\d\d)(-\d\d|   )  ", "$1-<last>  ")];
    assert_snapshot!("doctor_namespaces", &ran.stdout[start..end], filters => last);
    let verdict = ran.stdout.lines().last().unwrap_or_default();
    assert!(verdict.starts_with("Chapters 00-04 can run here as root, 05-"), "{verdict}");
    assert_eq!(ran.code, 1);

    // And the fix fixes it.
    let fix = "sysctl -w user.max_net_namespaces=15000";
    assert!(ran.stdout.contains(&format!("fix: {fix}\n")), "{}", ran.stdout);
    let script = format!("{limit} echo 15000 > /proc/sys/user/max_net_namespaces; exec \"$@\"");
    let ran = doctor_after(&lab, &user, &script, &["--json"]);
    assert_eq!(row(&checks(&ran), "net")["result"], "works");
}

/// A copy of `lab` that everybody may execute, and a directory for everybody's state.
fn for_everybody() -> (TempDir, PathBuf) {
    let place = scratch::directory();
    let copy = place.path().join("lab");
    copy_program("lab", &copy);
    for path in [place.path(), &copy] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("a mode");
    }
    // Their home, too.
    std::os::unix::fs::chown(place.path(), Some(NOBODY), Some(NOBODY)).expect("we are root");
    let state = place.path().join("state");
    fs::create_dir(&state).expect("a directory");
    fs::set_permissions(&state, Permissions::from_mode(0o777)).expect("a mode");
    (place, copy)
}

/// The number of a user that no host gives rights to.
const NOBODY: u32 = 65534;

#[test]
fn an_ordinary_user_is_told_what_an_ordinary_user_can() {
    if !skip::is_root() {
        return;
    }
    let (place, copy) = for_everybody();
    let cache = scratch::directory();
    fs::set_permissions(cache.path(), Permissions::from_mode(0o777)).expect("a mode");
    let as_nobody = |program: &Path, args: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(args)
            .env("LAB_STATE_DIR", place.path().join("state/of/nobody"))
            .env("LAB_CACHE_DIR", cache.path().join("of/nobody"))
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", place.path())
            .uid(NOBODY)
            .gid(NOBODY);
        command.output().expect("it starts")
    };
    let output = as_nobody(&copy, &["doctor", "--json"]);
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let result = |name| row(&checks, name)["result"].clone();

    let can = as_nobody(Path::new("unshare"), &["--user", "--map-root-user", "true"]);
    let expected = if can.status.success() { "works" } else { "missing" };
    assert_eq!(row(&checks, "user")["group"], "Namespaces");
    assert_eq!(result("user"), expected);
    assert_eq!(result("memory"), "limited");
    let fix = row(&checks, "memory")["fix"].as_str().expect("a fix").to_owned();
    assert!(fix.starts_with("sudo "), "{fix}");
    assert_eq!(fs::read_dir(place.path().join("state")).expect("it is there").count(), 0);

    let text = as_nobody(&copy, &["doctor"]);
    let text_status = text.status.success();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert_eq!(text_status, says_all_can_run(&text), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // And the verdict holds for what needs the most rights.
    let run = as_nobody(&copy, &["run", "chapter-07", "--", "true"]);
    assert_eq!(run.status.success(), text_status, "{text}");
}

#[test]
fn a_user_without_a_home_is_told_which_directories_to_name() {
    if !skip::is_root() {
        return;
    }
    let (_place, copy) = for_everybody();
    // Nor can they have the directory below /tmp, for it is somebody else's.
    let prepare = format!(
        "mount -t tmpfs none /mnt; cp {} /mnt/lab; mount -t tmpfs -o mode=1777 none /tmp; \
         mkdir /tmp/lab-{NOBODY}; exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups \
         env -i PATH=/usr/bin:/bin HOME=/nonexistent /mnt/lab doctor --json",
        copy.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-ec", &prepare]);
    let output = command.output().expect("it starts");
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    for (name, variable) in
        [("state directory", "LAB_STATE_DIR"), ("cache directory", "LAB_CACHE_DIR")]
    {
        let check = row(&checks, name);
        assert_eq!(check["result"], "missing", "{check}");
        assert_eq!(check["fix"], format!("export {variable}=$(mktemp -d)"));
    }
    assert_eq!(output.status.code(), Some(1));
}
