//! Chapter 8: root inside, nobody outside; and clocks of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use harness::{Lab, assert_snapshot, eventually, kernel, skip};
use nix::sys::signal::{Signal, kill};
use tracer::{Event, Tracer};

/// The numbers of /proc/PID/uid_map.
fn uid_map(pid: i32) -> Vec<u32> {
    let map = fs::read_to_string(format!("/proc/{pid}/uid_map")).expect("a map");
    map.split_whitespace().map(|number| number.parse().expect("a number")).collect()
}

#[test]
fn root_in_there_is_an_ordinary_user_out_here() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let container = lab.start("chapter-08", "id -u");
    assert_eq!(container.said, "0\nready\n");
    let [inside, outside, count] = uid_map(container.pid)[..] else { panic!("one range") };
    assert_eq!((inside, count), (0, 65536));
    assert!(outside >= 100_000);
    let status = fs::read_to_string(format!("/proc/{}/status", container.pid)).unwrap();
    let uids = status.lines().find(|line| line.starts_with("Uid:")).unwrap();
    assert_eq!(uids.split_whitespace().nth(1).unwrap(), outside.to_string());
    container.finish();
}

#[test]
fn without_a_user_namespace_root_is_root() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let container = lab.start("chapter-08 --userns host", "");
    assert!(!kernel::own_namespaces(container.pid).contains(&"user"));
    container.finish();
}

#[test]
fn the_image_belongs_to_root_in_there_and_stays_as_it_is() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let before = fs::metadata(lab.image().join("etc/passwd")).unwrap();
    let script = "set -e; stat -c %u / /etc/passwd; echo x >> /etc/passwd; \
                  rm -r /home; mkdir /home; ls /home; touch /file; chown 1000 /file; \
                  stat -c %u /file";
    assert_eq!(lab.sh("chapter-08", script).ok(), "0\n0\n1000\n");
    let after = fs::metadata(lab.image().join("etc/passwd")).unwrap();
    assert_eq!((after.uid(), after.len()), (before.uid(), before.len()));
}

#[test]
fn owners_in_a_volume_are_the_same_on_both_sides() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let data = lab.state_dir().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("theirs"), "").unwrap();
    chown(data.join("theirs"), Some(1234), Some(1234)).unwrap();
    let script = "stat -c %u /data/theirs; echo x > /data/new; chown 77 /data/new";
    let owner = lab.sh(&format!("chapter-08 -v {}:/data", data.display()), script).ok();
    assert_eq!(owner, "1234\n");
    assert_eq!(fs::metadata(data.join("new")).unwrap().uid(), 77);
}

#[test]
fn root_in_there_has_no_power_over_what_is_not_its_own() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    // A file of a user whom no map mentions: nobody's, and closed.
    let secret = lab.state_dir().join("secret");
    fs::write(&secret, "secret\n").unwrap();
    chown(&secret, Some(70_000), Some(70_000)).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let with = |chapter| format!("{chapter} --network none -v {}:/secret", secret.display());
    assert_eq!(lab.sh(&with("chapter-07"), "cat /secret").ok(), "secret\n");
    let ran = lab.sh(&with("chapter-08"), "cat /secret");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
}

#[test]
fn network_and_limits_are_there_as_before() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    // The default route: destination 0.
    let routes = lab.sh("chapter-08", "cat /proc/net/route").ok();
    assert!(routes.contains("eth0\t00000000\t"), "{routes}");
    let eat = "x=a; while :; do x=$x$x; done";
    let ran = lab.sh("chapter-08 --network none -m 32m", eat);
    assert_eq!(ran.code, 137, "{}", ran.stderr);
}

#[test]
fn its_clocks_have_an_offset_and_the_hosts_have_none() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let us = std::process::id().cast_signed();
    let plain = lab.start("chapter-08 --network none", "");
    assert_eq!(kernel::namespace(plain.pid, "time"), kernel::namespace(us, "time"));
    plain.finish();
    let uptime = |text: &str| text.split('.').next().unwrap().parse::<u64>().unwrap();
    let host = uptime(&fs::read_to_string("/proc/uptime").unwrap());
    let container =
        lab.start("chapter-08 --network none --clock-offset 1000000", "cat /proc/uptime");
    assert!(uptime(&container.said) >= host + 1_000_000, "{}", container.said);
    assert_ne!(kernel::namespace(container.pid, "time"), kernel::namespace(us, "time"));
    // The runtime's other children have the host's.
    let of_children = |pid| kernel::namespace(pid, "time_for_children");
    assert_eq!(of_children(container.runtime), of_children(us));
    container.finish();
}

#[test]
fn a_clock_below_zero_is_an_error() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let ran = lab.sh("chapter-08 --network none --clock-offset -999999999", "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("clock_below_zero", ran.stderr);
}

#[test]
fn ranges_are_found_whatever_else_the_files_say_and_are() {
    let Some(lab) = Lab::as_root() else { return };
    if !["/etc/subuid", "/etc/subgid"].iter().all(|file| fs::exists(file).unwrap_or(false)) {
        return skip::skip("needs /etc/subuid and /etc/subgid");
    }
    for (make, outside) in [
        // A comment and a name in Latin-1.
        (r"printf '# caf\351\nren\351:100000:65536\nlab:400000:65536\n' > list", "400000"),
        ("mkfifo list", "100000"),
        ("truncate -s 1T list", "100000"),
        ("rm -f list; ln -s other list; echo lab:500000:65536 > other", "500000"),
    ] {
        let prepare = format!(
            "mount -t tmpfs none /mnt; cd /mnt; {make}; cd /; \
             for f in subuid subgid; do mount --bind /mnt/list /etc/$f; done"
        );
        let args = ["run", "8", "--network", "none", "--", "cat", "/proc/self/uid_map"];
        let map = lab.lab_with_mounts(&prepare, &args).ok();
        let map: Vec<_> = map.split_whitespace().collect();
        assert_eq!(map, ["0", outside, "65536"], "{make}");
    }
}

/// When the runtime is killed: just before, or just after the container's first process
/// asks for the n-th time to die with it.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Before(usize),
    After(usize),
}

/// What the container's first process does after that; `None` if the moment does not come.
fn what_it_does_without_its_runtime(lab: &Lab, args: &str, moment: Moment) -> Option<Vec<Event>> {
    let mut command = lab.program("lab");
    command.arg("run").args(args.split(' ')).args(["--view", "none", "--", "true"]);
    let mut tracer = Tracer::start(command).expect("it starts");
    let runtime = tracer.first();
    let (mut asked, mut is_asking, mut seen) = (0, false, None);
    while let Some((pid, event)) = tracer.next_event().expect("waitpid") {
        if pid == runtime {
            continue;
        }
        if let Some(seen) = &mut seen {
            Vec::push(seen, event);
            continue;
        }
        let is_moment = match event {
            Event::Entered(call) => {
                is_asking = call.number == libc::SYS_prctl
                    && call.arguments[..2] == [libc::PR_SET_PDEATHSIG as u64, 9];
                asked += usize::from(is_asking);
                is_asking && matches!(moment, Moment::Before(at) if at == asked)
            }
            Event::Left { .. } => is_asking && matches!(moment, Moment::After(at) if at == asked),
            _ => false,
        };
        if is_moment {
            kill(runtime, Signal::SIGKILL).expect("it is there");
            // The kernel tells the children before their parent is a zombie.
            eventually("the runtime is dead", || !kernel::is_alive(runtime.as_raw()));
            seen = Some(Vec::new());
        }
    }
    lab.lab(["clean"]).ok();
    seen
}

#[test]
fn a_container_outlives_its_runtime_at_no_moment_of_its_making() {
    let Some(lab) = Lab::as_root() else { return };
    for (args, times) in [
        ("chapter-00 -u 1000", 2),
        ("chapter-07 --network none", 2),
        ("chapter-08 --network none -u 1000", 3),
        ("chapter-09 --network none", 3),
        ("chapter-09 --network none -u 1000", 3),
    ] {
        for at in 1..=times {
            let [before, after] = [Moment::Before(at), Moment::After(at)].map(|moment| {
                what_it_does_without_its_runtime(&lab, args, moment)
                    .unwrap_or_else(|| panic!("{args}: {moment:?} did not come"))
            });
            assert!(!before.contains(&Event::Executed), "{args}, before {at}: {before:?}");
            // Where no user had changed meanwhile, the kernel had still told it.
            let ends = [Event::Exited(125), Event::Killed(Signal::SIGKILL)];
            assert!(before.last().is_some_and(|end| ends.contains(end)), "{args}, before {at}");
            assert_eq!(after, [Event::Killed(Signal::SIGKILL)], "{args}, after {at}");
        }
    }
}

#[test]
fn beside_the_hosts_network_it_sees_its_own_cgroup_all_the_same() {
    let Some(lab) = Lab::as_root() else { return };
    // There, /sys is the host's, and with it what is mounted in it.
    let script = "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max 2> /dev/null";
    for chapter in ["chapter-08", "chapter-09"] {
        let ran = lab.sh(&format!("{chapter} --network host -m 64m"), script);
        assert_eq!(ran.stdout, format!("{}\n", 64 << 20), "{chapter}: {ran:?}");
    }
}
