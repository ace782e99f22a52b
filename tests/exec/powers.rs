//! What came in has what the first process has, and no more: chapter by chapter.

use std::fs;
use std::path::PathBuf;

use harness::{Lab, SOMEBODY, cgroup, eventually, kernel, skip};

use super::{assert_has_the_same, come_in, sh};

/// A container for each line of options, and one more process in it.
fn assert_each_is_entered(lab: &Lab, containers: &[&str]) {
    for options in containers {
        let container = lab.start(&format!("{options} --name entered"), "");
        let guest = come_in(lab, "entered");
        // An init is root, and whom it has started is who was asked for.
        let is_split = options.contains("--init") && options.contains("-u");
        let first = if is_split { kernel::child_of(container.pid) } else { Some(container.pid) };
        assert_has_the_same(guest.pid, first.expect("the command"), options);
        assert_eq!(guest.leave().code, 0);
        container.finish();
    }
}

#[test]
fn what_comes_into_chapters_2_to_5_has_what_the_first_process_has() {
    let Some(lab) = Lab::as_root() else { return };
    let containers = ["02", "02 --init", "03", "03 -u 1000:1001", "04", "05 --network none", "05"];
    assert_each_is_entered(&lab, &containers);
}

#[test]
fn what_comes_into_chapters_6_and_7_counts_against_the_same_limits() {
    let Some(lab) = Lab::as_root() else { return };
    let containers = [
        "06 --network none",
        "06 --network none -m 64m --pids-limit 50 --cpus 0.5",
        "07 --network none --read-only",
        "07 --network none -u 1000",
    ];
    assert_each_is_entered(&lab, &containers);
    // Two processes are as many as the first one and a shell beside it.
    let container = lab.start("06 --network none --pids-limit 2 --name full", "");
    let ran = sh(&lab, "full", "true & wait; echo made");
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(!ran.stdout.contains("made"), "{ran:?}");
    container.finish();
}

#[test]
fn what_comes_in_is_where_the_first_process_is_by_now() {
    let Some(lab) = Lab::as_root() else { return };
    let Some(moved) = Moved::new() else { return skip::skip("needs the pids controller") };
    let container = lab.start("04 --name moved", "");
    moved.take(container.pid);
    let guest = come_in(&lab, "moved");
    assert_has_the_same(guest.pid, container.pid, "moved");
    assert!(kernel_cgroup(guest.pid).contains(&moved.name()));
    assert_eq!(guest.leave().code, 0);
    container.finish();
    // An ordinary user may not move anybody there, and enters all the same.
    let lab = Lab::of_somebody();
    let container = lab.start("04 --name moved", "");
    moved.take(container.pid);
    assert_eq!(sh(&lab, "moved", "echo in").ok(), "in\n");
    container.finish();
}

fn kernel_cgroup(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cgroup")).expect("its cgroups")
}

/// A cgroup of root's, as of another session.
struct Moved(PathBuf);

impl Moved {
    fn new() -> Option<Self> {
        let mount = cgroup::v1_with("pids").or_else(|| cgroup::unified_with("pids"))?;
        let moved = Self(mount.join(format!("lab-test-moved-{}", std::process::id())));
        fs::create_dir(&moved.0).expect("a cgroup");
        Some(moved)
    }

    fn name(&self) -> String {
        self.0.file_name().expect("a name").to_string_lossy().into_owned()
    }

    fn take(&self, pid: i32) {
        fs::write(self.0.join("cgroup.procs"), pid.to_string()).expect("it is moved");
    }
}

impl Drop for Moved {
    fn drop(&mut self) {
        eventually("the cgroup is empty", || fs::remove_dir(&self.0).is_ok());
    }
}

#[test]
fn what_comes_into_chapter_8_has_its_users_and_clocks() {
    let Some(lab) = Lab::as_root() else { return };
    let mut containers = vec![
        "08 --network none",
        "08",
        "08 --network none --userns host",
        "08 --network none -u 1000:1001",
        "08 --network none --init -u 1000",
    ];
    if fs::exists("/proc/self/ns/time").expect("proc") {
        containers.push("08 --network none --clock-offset 1000000");
    } else {
        skip::skip("needs time namespaces");
    }
    assert_each_is_entered(&lab, &containers);
}

#[test]
fn what_comes_into_chapter_9_has_no_more_power() {
    let Some(lab) = Lab::as_root() else { return };
    let containers = [
        "09 --network none",
        "09 --network none --userns host",
        "09 --network host",
        "09 --network none -u 1000",
        "09 --network none -u 1000:1001 --userns host",
        "09 --network none --init",
        "09 --network none --init -u 1000",
        "09 --network none --cap-add NET_ADMIN --cap-drop CHOWN",
        "09 --network none --cap-drop ALL",
        "09 --network none --cap-drop ALL -u 1000 --userns host",
        "09 --network none --cap-drop SETUID --cap-drop SETGID --cap-drop SETPCAP",
    ];
    assert_each_is_entered(&lab, &containers);
}

#[test]
fn what_comes_into_chapter_9_is_filtered_and_limited_as_the_first_process() {
    let Some(lab) = Lab::as_root() else { return };
    let profile = lab.state_dir().join("profile.json");
    let allow_all_but = r#"{"defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}"#;
    fs::write(&profile, allow_all_but).expect("a profile");
    let with_profile = format!("09 --network none --security-opt seccomp={}", profile.display());
    let containers = [
        "09 --network none --privileged",
        "09 --network none --privileged --userns host",
        "09 --network none --security-opt no-new-privileges=false",
        "09 --network none --security-opt no-new-privileges=false -u 1000 --userns host",
        "09 --network none --security-opt seccomp=unconfined",
        "09 --network none --ulimit nofile=100:200 --ulimit core=0",
        "09 --network none --ulimit nofile=8 -u 1000",
        &with_profile,
    ];
    assert_each_is_entered(&lab, &containers);
    let container = lab.start(&format!("{with_profile} --name filtered"), "");
    let ran = sh(&lab, "filtered", "mkdir /tmp/new");
    assert!(ran.code != 0 && ran.stderr.contains("not permitted"), "{ran:?}");
    container.finish();
}

#[test]
fn what_comes_into_chapter_10_has_what_its_container_shares() {
    let Some(lab) = Lab::as_root() else { return };
    let other = lab.start("10 --network none --name other", "");
    for options in ["--pid container:other", "--network container:other --ipc container:other"] {
        let container = lab.start(&format!("10 {options} --name entered"), "");
        let guest = come_in(&lab, "entered");
        assert_has_the_same(guest.pid, container.pid, options);
        assert_eq!(guest.leave().code, 0);
        container.finish();
    }
    let guest = come_in(&lab, "other");
    assert_has_the_same(guest.pid, other.pid, "other");
    assert_eq!(guest.leave().code, 0);
    other.finish();
}

#[test]
fn a_named_user_has_no_power_and_root_what_the_bounding_set_leaves() {
    let Some(lab) = Lab::as_root() else { return };
    let of_status = "grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status | tr -d '\t'";
    let of = |args: &str| sh(&lab, args, of_status).ok();
    for options in ["04", "09 --network none", "09 --network none --userns host --cap-drop ALL"] {
        let container = lab.start(&format!("{options} --name named"), "");
        let (plain, root) = (of("named"), of("-u 0 named"));
        assert_eq!(plain, root, "{options}");
        let bounding = plain.lines().find(|line| line.starts_with("CapBnd")).expect("a set");
        let somebody = of("-u 1000:1001 named");
        for line in somebody.lines().filter(|line| line.starts_with("Cap")) {
            let none = line.ends_with(":0000000000000000");
            assert!(none || line == bounding, "{options}: {line}");
        }
        assert!(somebody.contains(bounding), "{options}: {somebody}");
        assert!(somebody.lines().any(|line| line.trim_end() == "Groups:1001"), "{somebody}");
        container.finish();
    }
    // A container of an ordinary user has a root as well, for who asks for it.
    let container = lab.start("09 --network none --userns host -u 1000 --name somebodys", "");
    let sets = of("-u 0 somebodys");
    assert!(sets.contains("CapEff:00000000a80425fb"), "{sets}");
    container.finish();
}

#[test]
fn an_ordinary_user_enters_the_containers_of_their_world() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::of_somebody();
    for options in ["02", "04", "07 --network none", "08 --network none", "09 --network none"] {
        let container = lab.start(&format!("{options} --name entered"), "");
        let guest = come_in(&lab, "entered");
        assert_has_the_same(guest.pid, container.pid, options);
        let user = fs::read_to_string(format!("/proc/{}/status", guest.pid)).expect("a status");
        assert!(user.contains(&format!("Uid:\t{SOMEBODY}\t")), "{user}");
        assert_eq!(guest.leave().code, 0);
        container.finish();
    }
    // Somebody else's process is not theirs to enter.
    let ran = lab.lab(["exec", "--pid", &std::process::id().to_string(), "--", "true"]);
    assert_eq!(ran.code, 125, "{ran:?}");
    assert!(ran.stderr.contains("run it with sudo"), "{ran:?}");
}
