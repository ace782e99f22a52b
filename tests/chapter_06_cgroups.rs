//! Chapter 6: its share of the host, by cgroups of either version.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use harness::host::Host;
use harness::{Lab, assert_snapshot, cgroup, eventually, kernel, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Doubles a string until something stops it.
const EAT_MEMORY: &str = "x=a; while :; do x=$x$x; done";

#[test]
fn the_memory_limit_ends_it_and_is_named() {
    let Some(lab) = Lab::as_root() else { return };
    let (ran, report) = lab.report("chapter-06 --network none -m 32m", EAT_MEMORY);
    assert_eq!(ran.code, 137);
    assert_snapshot!("memory_limit", ran.stderr);
    assert_eq!(report["outcome"]["killed_by"], "the memory limit of 32 MiB");
    let peak = report["outcome"]["peak_memory_bytes"].as_u64().expect("a number");
    assert!((16 << 20..=32 << 20).contains(&peak), "{peak}");
}

#[test]
fn a_limit_that_killed_another_process_than_the_first_is_told_and_not_blamed() {
    let Some(lab) = Lab::as_root() else { return };
    let script = format!("({EAT_MEMORY}); echo the first process goes on after $?; exit 3");
    let (ran, report) = lab.report("chapter-06 --network none -m 32m", &script);
    assert_eq!((ran.code, &*ran.stdout), (3, "the first process goes on after 137\n"));
    assert!(!ran.stderr.contains("32 MiB"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("killed: 1 process in it, the memory limit was reached\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(report["outcome"]["killed_by"], serde_json::Value::Null);
    assert_eq!(report["outcome"]["oom_kills"], 1);
    let ran = lab.sh("chapter-06 --network none -m 32m --view brief", &script);
    assert!(ran.stderr.contains("killed: 1 process in it"), "{}", ran.stderr);
    // Nor is one that was not reached.
    let container = lab.start("chapter-06 --network none -m 32m", "");
    kill(Pid::from_raw(container.pid), Signal::SIGKILL).expect("it runs");
    let ran = container.wait();
    assert_eq!((ran.code, &*ran.stderr), (137, ""));
}

#[test]
fn the_process_limit_is_hit() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "for i in 1 2 3 4 5 6; do sleep 1000 & echo $i; done";
    let ran = lab.sh("chapter-06 --network none --pids-limit 4", script);
    assert_eq!(ran.stdout, "1\n2\n3\n", "the shell is the fourth");
    assert!(ran.code != 0 && ran.stderr.contains("fork"), "{ran:?}");
    for unlimited in ["", "--pids-limit -1", "--pids-limit 0"] {
        let args = format!("chapter-06 --network none {unlimited}");
        assert_eq!(lab.sh(&args, script).ok().lines().count(), 6, "{unlimited}");
    }
}

#[test]
fn the_processor_quota_holds_back() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("report.json");
    let args = format!("chapter-06 --network none --cpus 0.1 --json {}", file.display());
    let container = lab.start(&args, "while :; do :; done &");
    let id = container.id();
    let stat = |name| cgroup::field(&id, ("cpu.stat", name), ("cpu.stat", name)).unwrap();
    kernel::wait_for("it is held back", || (stat("nr_throttled") >= 10).then_some(()));
    let (quota, period) = (10_000, 100_000); // µs
    let used = match cgroup::read(&id, "cpuacct.usage", "cpuacct.usage") {
        Some(nanoseconds) => nanoseconds.parse::<u64>().unwrap() / 1000,
        None => stat("usage_usec"),
    };
    let periods = stat("nr_periods");
    // However late the kernel may have noticed once, it takes that off the next period.
    assert!(used <= quota * periods + period, "{used} µs in {periods} periods");
    assert_eq!(container.finish().code, 0);
    let report = fs::read_to_string(file).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert!(report["outcome"]["throttled_usec"].as_u64() > Some(0));
    assert!(report["outcome"]["cpu_usec"].as_u64() > Some(quota));
    let (_, report) = lab.report("chapter-06 --network none", "");
    assert_eq!(report["outcome"]["throttled_usec"].as_u64().unwrap_or(0), 0);
}

#[test]
fn it_runs_on_the_processors_it_was_given() {
    let Some(lab) = Lab::as_root() else { return };
    let allowed = |status: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.expect("a line").trim().to_owned()
    };
    let ours = allowed(&fs::read_to_string("/proc/self/status").unwrap());
    let last = ours.rsplit([',', '-']).next().unwrap();
    let args = format!("chapter-06 --network none --cpuset-cpus {last}");
    assert_eq!(allowed(&lab.sh(&args, "cat /proc/self/status").ok()), last);
    assert_eq!(allowed(&lab.sh("chapter-06 --network none", "cat /proc/self/status").ok()), ours);
    let ran = lab.sh("chapter-06 --network none --cpuset-cpus 0,8000", "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("no_such_processor", ran.stderr, filters => &[(r"offers [\d,-]+", "offers <list>")]);
}

#[test]
fn disks_are_slowed_down_as_asked() {
    let Some(lab) = Lab::as_root() else { return };
    let disks = fs::read_dir("/sys/block").into_iter().flatten().flatten();
    let mut names: Vec<_> = disks.filter_map(|disk| disk.file_name().into_string().ok()).collect();
    names.sort();
    let Some(disk) = names.iter().rev().find(|name| fs::exists(format!("/dev/{name}")).unwrap())
    else {
        return skip::skip("needs a disk");
    };
    let number = fs::read_to_string(format!("/sys/block/{disk}/dev")).unwrap();
    let number = number.trim();
    let args = format!(
        "chapter-06 --network none --device-read-bps /dev/{disk}:2mb --device-write-bps /dev/{disk}:1mb"
    );
    let container = lab.start(&args, "");
    let id = container.id();
    match cgroup::read(&id, "blkio.throttle.read_bps_device", "") {
        Some(read) => {
            let written = cgroup::read(&id, "blkio.throttle.write_bps_device", "").unwrap();
            assert_eq!(read, format!("{number} 2097152"));
            assert_eq!(written, format!("{number} 1048576"));
        }
        None => assert_eq!(
            cgroup::read(&id, "", "io.max").expect("one of them"),
            format!("{number} rbps=2097152 wbps=1048576 riops=max wiops=max")
        ),
    }
    container.finish();
}

#[test]
fn memory_and_swap_are_written_as_each_version_counts_them() {
    let Some(lab) = Lab::as_root() else { return };
    for (option, sum, swap) in [
        ("", Some(64 << 20), "33554432"),
        ("--memory-swap 48m", Some(48 << 20), "16777216"),
        ("--memory-swap 32m", Some(32 << 20), "0"),
        ("--memory-swap -1", None, "max"),
    ] {
        let container = lab.start(&format!("chapter-06 --network none -m 32m {option}"), "");
        let id = container.id();
        let limit = cgroup::read(&id, "memory.limit_in_bytes", "memory.max");
        assert_eq!(limit.as_deref(), Some("33554432"), "{option}");
        if let Some(v1) = cgroup::read(&id, "memory.memsw.limit_in_bytes", "") {
            let bytes: u64 = v1.parse().unwrap();
            assert!(sum.map_or(bytes > 1 << 60, |sum| bytes == sum), "{option}: {bytes}");
        } else if let Some(v2) = cgroup::read(&id, "", "memory.swap.max") {
            assert_eq!(v2, swap, "{option}");
        }
        container.finish();
    }
}

#[test]
fn the_container_sees_its_own_cgroup_as_the_root() {
    let Some(lab) = Lab::as_root() else { return };
    let seen = lab.sh("chapter-06 --network none", "cat /proc/self/cgroup").ok();
    assert!(seen.lines().count() > 0 && seen.lines().all(|line| line.ends_with(":/")), "{seen}");
    // From the host, it is where the limits are.
    let container = lab.start("chapter-06 --network none", "");
    let real = fs::read_to_string(format!("/proc/{}/cgroup", container.pid)).unwrap();
    let own = format!("/lab-{}", container.id());
    for line in real.lines().filter(|line| !line.contains("name=")) {
        assert!(line.ends_with(&own), "{line}");
    }
    container.finish();
    // Chapter 5 is in the cgroups of whoever started it.
    let container = lab.start("chapter-05 --network none", "");
    let real = fs::read_to_string(format!("/proc/{}/cgroup", container.pid)).unwrap();
    assert_eq!(real, fs::read_to_string("/proc/self/cgroup").unwrap());
    container.finish();
}

#[test]
fn on_v2_it_is_born_in_its_cgroup_and_was_in_no_other() {
    let Some(lab) = Lab::as_root() else { return };
    let Some(mount) = cgroup::unified_with("pids") else {
        return; // v1 has no such birth: its first step is to join
    };
    // The runtime's own cgroup is full: whatever it forks there, the kernel refuses.
    let full = mount.join(format!("lab-test-{}", std::process::id()));
    fs::write(mount.join("cgroup.subtree_control"), "+pids").unwrap();
    fs::create_dir(&full).unwrap();
    fs::write(full.join("pids.max"), "1").unwrap();
    let run = |chapter: &str| {
        let lab = lab.program("lab");
        let mut outer = Command::new("sh");
        outer.args(["-c", "echo 0 > \"$0/cgroup.procs\" && exec \"$@\""]).arg(&full);
        outer.envs(lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        outer.arg(lab.get_program()).args(["run", chapter, "--network", "none", "--view", "none"]);
        harness::ran(outer.args(["--", "echo", "it runs"]).output().expect("sh starts"))
    };
    lab.image(); // made before, as it takes other programs
    let (earlier, now) = (run("chapter-05"), run("chapter-06"));
    fs::remove_dir(&full).expect("nobody is left in it");
    assert_eq!(earlier.code, 125, "{}", earlier.stdout);
    assert_eq!(now.ok(), "it runs\n");
}

#[test]
fn its_limits_can_be_read_inside_and_not_changed() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "cd /sys/fs/cgroup
        for file in memory/memory.limit_in_bytes memory.max pids/pids.max pids.max; do
            if [ -e $file ]; then cat $file; echo max > $file; echo -1 > $file; fi
        done
        mkdir new memory/new pids/new
        for dir in . *; do [ ! -e $dir/new ] || echo made in $dir; done";
    let ran = lab.sh("chapter-06 --network none -m 32m --pids-limit 77", script);
    assert_eq!(ran.stdout, "33554432\n77\n");
    let refused = ran.stderr.matches("ead-only file system").count();
    assert!(refused >= 5, "{}", ran.stderr);
}

#[test]
fn each_container_has_a_cgroup_of_its_own_and_leaves_none() {
    let Some(lab) = Lab::as_root() else { return };
    let one = lab.start("chapter-06 --network none -m 32m", "");
    let other = lab.start("chapter-06 --network none -m 48m", "");
    let ids = [one.id(), other.id()];
    let limit = |id| cgroup::read(id, "memory.limit_in_bytes", "memory.max").unwrap();
    assert_eq!([limit(&ids[0]), limit(&ids[1])], ["33554432", "50331648"]);
    one.finish();
    assert!(cgroup::dirs(&ids[0]).is_empty());
    assert!(!cgroup::dirs(&ids[1]).is_empty());
    other.finish();
    assert!(cgroup::dirs(&ids[1]).is_empty());
}

#[test]
fn cgroups_made_inside_go_as_well() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-06 --network none", "");
    let dirs = cgroup::dirs(&container.id());
    for dir in &dirs {
        fs::create_dir_all(dir.join("inner/most")).expect("cgroups nest");
    }
    container.finish();
    assert_eq!(dirs.into_iter().filter(|dir| dir.exists()).count(), 0);
}

#[test]
fn processes_that_were_frozen_are_ended_as_well() {
    if !skip::is_root() {
        return;
    }
    let Some(freezer) = cgroup::v1_with("freezer") else {
        return skip::skip("needs the freezer of cgroup v1: that of v2 does not keep SIGKILL out");
    };
    let host = Host::new();
    // Another process, the first one, and one that is far down the tree.
    for (is_first, depth) in [(false, 1), (true, 1), (false, 1000)] {
        let container = host.start("chapter-06", "sleep 1000 &");
        let (id, first) = (container.id(), container.pid.to_string());
        let own = freezer.join(format!("lab-{id}"));
        let inside = fs::read_to_string(own.join("cgroup.procs")).unwrap();
        let pid = inside.lines().find(|pid| (**pid == first) == is_first).expect("it runs");
        // Further down than a path can say: step by step, as somebody inside would.
        let script =
            "cd \"$0\"; i=0; while [ $i -lt $2 ]; do mkdir inner; cd inner; i=$((i+1)); done
            echo $1 > tasks; echo FROZEN > freezer.state; cat freezer.state";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(&own).args([pid, &depth.to_string()]);
        let froze = harness::ran(shell.output().expect("sh starts")).ok();
        assert!(froze.starts_with("FR"), "{froze}");
        kill(Pid::from_raw(container.runtime), Signal::SIGKILL).expect("it runs");
        eventually("the runtime ends", || !kernel::is_alive(container.runtime));
        let said = host.lab(&["clean"]).ok();
        assert!(said.contains(&format!("record of {id}")), "{is_first}, {depth}: {said}");
        host.assert_clean(&[id], "frozen");
    }
}

#[test]
fn values_that_make_no_sense_are_errors() {
    let Some(lab) = Lab::as_root() else { return };
    let mut said = String::new();
    for option in [
        "-m 1m",
        "-m 64x",
        "--memory-swap 64m",
        "-m 64m --memory-swap 32m",
        "--cpus 0",
        "--cpus many",
        "--cpuset-cpus 1-0",
        "--cpuset-cpus one",
        "--pids-limit many",
        "--device-read-bps sda:1mb",
        "--device-read-bps /dev/no-such-disk:1mb",
        "--device-write-bps /dev/null:1mb",
    ] {
        let ran = lab.sh(&format!("chapter-06 --network none {option}"), "echo it runs");
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{option}");
        let lines = ran.stderr.lines().filter(|line| !line.is_empty());
        let lines = lines.filter(|line| !line.starts_with("Usage:") && !line.contains("--help"));
        said += &format!("$ {option}\n{}\n\n", lines.collect::<Vec<_>>().join("\n"));
    }
    let filters = [(
        r"this host has \d+ processors: use 0.01 to \d+",
        "this host has <n> processors: use 0.01 to <n>",
    )];
    assert_snapshot!("invalid_limits", said, filters => &filters);
}

/// A host without any cgroup mounted.
const WITHOUT_CGROUPS: &str = "grep ' - cgroup' /proc/self/mountinfo | cut -d' ' -f5 | sort -r | \
                               while read -r mount; do umount \"$mount\"; done";

#[test]
fn a_limit_that_cannot_be_had_is_an_error_that_names_the_controller() {
    let Some(lab) = Lab::as_root() else { return };
    let run = |options: &str| {
        let args = ["run", "chapter-06", "--network", "none"].into_iter();
        let args: Vec<_> =
            args.chain(options.split_whitespace()).chain(["--", "echo", "it runs"]).collect();
        lab.lab_with_mounts(WITHOUT_CGROUPS, &args)
    };
    let mut said = String::new();
    for option in ["-m 32m", "--cpus 0.5", "--cpuset-cpus 0", "--pids-limit 9"] {
        let ran = run(option);
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{option}: none is ignored");
        said += &format!("$ {option}\n{}\n", ran.stderr);
    }
    assert_snapshot!("no_controller", said);
    assert_eq!(run("").ok(), "it runs\n", "without a limit, none is needed");
}

#[test]
fn cgroups_that_cannot_be_read_are_needed_by_limits_only() {
    let Some(lab) = Lab::as_root() else { return };
    // Covered, the mounts are in the table still.
    let run = |options: &[&str]| {
        let args = ["run", "chapter-06", "--network", "none"].iter().chain(options);
        let args: Vec<_> = args.copied().chain(["--", "echo", "it runs"]).collect();
        lab.lab_with_mounts("mount -t tmpfs none /sys/fs/cgroup", &args)
    };
    let ran = run(&[]);
    assert_eq!((ran.code, &*ran.stdout), (0, "it runs\n"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("note: no cgroup").count(), 1, "{}", ran.stderr);
    assert_eq!(run(&["-m", "32m"]).code, 125);
}

#[test]
fn names_on_the_host_need_not_be_text() {
    let Some(lab) = Lab::as_root() else { return };
    // A USB stick of old, a mount point that is a whole line, and an escape sequence.
    let prepare = r#"cd "$LAB_STATE_DIR"; mkdir -p sticks; mount -t tmpfs none sticks
        for name in 'caf\351' 'two\nlines' '\033]0;owned\007' 'a b'; do
            dir="sticks/$(printf "$name")"; mkdir "$dir"; mount -t tmpfs none "$dir"; done"#;
    for chapter in ["chapter-06", "chapter-07", "chapter-08", "chapter-09"] {
        let args = ["run", chapter, "--network", "none", "-m", "32m", "--view", "full", "--"];
        let args: Vec<_> = args.into_iter().chain(["echo", "it runs"]).collect();
        let ran = lab.lab_with_mounts(prepare, &args);
        assert_eq!((ran.code, &*ran.stdout), (0, "it runs\n"), "{chapter}: {}", ran.stderr);
        assert!(!ran.stderr.contains("]0;owned\u{7}"), "{chapter}");
    }
    for args in [&["cgroups"][..], &["cgroups", "--json", "1"], &["doctor"], &["clean"]] {
        let ran = lab.lab_with_mounts(prepare, args);
        assert!(!ran.stderr.contains("UTF-8") && !ran.stdout.contains("UTF-8"), "{ran:?}");
        assert!(args[0] == "doctor" || ran.code == 0, "{ran:?}");
    }
    // A cgroup of such a name, and a process in it.
    let Some(mount) = cgroup::v1_with("pids").or_else(|| cgroup::unified_with("pids")) else {
        return skip::skip("needs the pids controller");
    };
    let name = OsStr::from_bytes(b"lab-test-\xe9\x1b[31m");
    let dir = mount.join(name);
    fs::create_dir(&dir).expect("a cgroup");
    let mut sleep = Command::new("sleep").arg("1000").spawn().expect("it starts");
    fs::write(dir.join("cgroup.procs"), sleep.id().to_string()).expect("it enters");
    let table = lab.lab(["cgroups", &sleep.id().to_string()]);
    let json = lab.lab(["cgroups", "--json", &sleep.id().to_string()]);
    sleep.kill().expect("it runs");
    sleep.wait().expect("it ends");
    eventually("the cgroup is empty", || fs::remove_dir(&dir).is_ok());
    let table = table.ok();
    assert!(table.contains("lab-test-\u{fffd}?[31m"), "{table}");
    assert!(json.ok().contains(r"$'/lab-test-\\351\\033[31m'"), "spelled by its bytes");
}

#[test]
fn a_hierarchy_that_is_missing_takes_only_its_own_limits_along() {
    let Some(lab) = Lab::as_root() else { return };
    let memory = kernel::mounts();
    let memory =
        memory.lines().find(|line| line.contains(" - cgroup ") && line.ends_with("memory"));
    let Some(mount) = memory.and_then(|line| line.split(' ').nth(4)) else {
        return; // one hierarchy for all: the test above
    };
    let run = |option: &str, value: &str| {
        let args =
            ["run", "chapter-06", "--network", "none", option, value, "--", "echo", "it runs"];
        lab.lab_with_mounts(&format!("umount {mount}"), &args)
    };
    assert_eq!(run("--pids-limit", "9").ok(), "it runs\n");
    assert!(run("-m", "32m").stderr.contains("--memory needs the memory controller"));
}

#[test]
fn the_limits_hold_for_processes_that_enter_later() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-06 --network none --pids-limit 5", "sleep 1000 &");
    let procs = cgroup::dirs(&container.id());
    for dir in procs {
        let inside = fs::read_to_string(dir.join("cgroup.procs")).unwrap();
        assert_eq!(inside.lines().count(), 2, "{}: the shell and its child", dir.display());
    }
    container.finish();
    // The programs alone tell the same.
    let output = Command::new(harness::programs().join("lab")).args(["cgroups"]).output().unwrap();
    assert!(output.status.success());
}
