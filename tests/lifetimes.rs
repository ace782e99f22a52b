//! Nothing is left behind when a running container loses somebody.
//!
//! What may happen while it is being made or removed is in `faults`.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;

use harness::host::{self, Host};
use harness::net::Net;
use harness::{Lab, SOMEBODY, Started, cgroup, eventually, kernel, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The ways in which a running container can lose somebody.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Runtime,
    FirstProcess,
    Both,
}

fn kill_victim(container: &Started, victim: Victim) {
    let shoot = |pid| kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    match victim {
        Victim::Runtime => shoot(container.runtime),
        Victim::FirstProcess => shoot(container.pid),
        Victim::Both => {
            shoot(container.runtime);
            // It may have gone with the runtime already.
            let _ = kill(Pid::from_raw(container.pid), Signal::SIGKILL);
        }
    }
    let (runtime, pid) = (container.runtime, container.pid);
    eventually("both end", || !kernel::is_alive(runtime) && !kernel::is_alive(pid));
}

#[test]
fn lab_clean_removes_what_a_killed_container_leaves() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    for victim in [Victim::Runtime, Victim::FirstProcess, Victim::Both] {
        let container = host.start(&host.everything("chapter-07"), "echo x > /file; sleep 1000 &");
        let id = container.id();
        kill_victim(&container, victim);
        drop(container);
        match victim {
            // The runtime was there to clean up.
            Victim::FirstProcess => assert_eq!(host.ids(), [""; 0]),
            _ => {
                assert_eq!(host.ids(), [&*id]);
                let said = host.lab(&["clean"]).ok();
                // A process that still runs there uses the rest, and what leads there goes
                // first.
                let mut rest = &*said;
                for part in ["cgroup", "address", "bridge lab0", "writable layer", "record of"] {
                    let found = rest.split_once(part);
                    rest = found.unwrap_or_else(|| panic!("{victim:?}: {part} in\n{said}")).1;
                }
            }
        }
        assert_eq!(host.lab(&["clean"]).ok(), "nothing to clean\n");
        host.assert_clean(&[id], &format!("{victim:?}"));
    }
}

#[test]
fn the_next_run_removes_what_a_killed_container_leaves() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let container = host.start(&host.everything("chapter-07"), "echo x > /file; sleep 1000 &");
    let id = container.id();
    kill_victim(&container, Victim::Runtime);
    drop(container);
    let ran =
        host.lab(&["run", "chapter-07", "--network", "none", "--", "sh", "-c", "echo it runs"]);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("it runs\n", ""));
    host.assert_clean(&[id], "the next run");
}

#[test]
fn cgroups_of_an_earlier_runtime_are_removed_where_the_record_says() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let container = host.start("chapter-06 --network none", "");
    let id = container.id();
    let now = cgroup::dirs(&id);
    kill_victim(&container, Victim::Runtime);
    drop(container);
    // It called them `lab/<id>`; what only ends like that is somebody else's.
    let elsewhere = |name: &str| now.iter().map(|dir| dir.with_file_name(name)).collect::<Vec<_>>();
    let (parents, others) = (elsewhere("lab"), elsewhere(&format!("other-lab-{id}")));
    let earlier: Vec<_> = parents.iter().map(|dir| dir.join(&id)).collect();
    earlier.iter().chain(&others).for_each(|dir| fs::create_dir_all(dir).expect("a cgroup"));
    let record = host.lab.records().join(&id).join("cgroup");
    let all = now.iter().chain(&earlier).chain(&others);
    fs::write(record, all.map(|dir| format!("{}\n", dir.display())).collect::<String>()).unwrap();
    let said = host.lab(&["clean"]).ok();
    let left: Vec<_> = now.iter().chain(&earlier).filter(|dir| dir.exists()).collect();
    let kept = others.iter().filter(|dir| fs::remove_dir(dir).is_ok()).count();
    assert!(left.is_empty(), "{left:?} after\n{said}");
    assert_eq!(kept, others.len(), "{said}");
    // The parent goes with the last one in it.
    assert!(parents.iter().all(|dir| fs::remove_dir(dir).is_err()), "{said}");
    host.assert_clean(&[id], "an earlier runtime");
}

#[test]
fn two_dozen_containers_at_once() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let args = "chapter-07 -m 64m --pids-limit 16 --cpus 1";
    let containers: Vec<Started> = std::thread::scope(|scope| {
        let start = || host.start(args, "echo mine > /etc/motd; hostname; tail -n 1 /etc/hosts");
        let starts: Vec<_> = (0..24).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|thread| thread.join().expect("it starts")).collect()
    });
    let ids: HashSet<String> = containers.iter().map(Started::id).collect();
    let address = |container: &Started| {
        let line = container.said.lines().nth(1).expect("a line of /etc/hosts");
        line.split_whitespace().next().expect("an address").to_owned()
    };
    let addresses: HashSet<String> = containers.iter().map(address).collect();
    assert_eq!((ids.len(), addresses.len()), (24, 24), "{addresses:?}");
    // Somebody cleans up meanwhile: whoever runs is not touched.
    assert_eq!(host.lab(&["clean"]).ok(), "nothing to clean\n");
    // Each reaches the next one.
    for pair in containers.windows(2) {
        let server = Net::of(pair[1].pid).listen(80);
        let address: std::net::IpAddr = address(&pair[1]).parse().unwrap();
        assert!(Net::of(pair[0].pid).reaches((address, 80), &server).is_some());
    }
    // All end at the same time.
    std::thread::scope(|scope| {
        for container in containers {
            scope.spawn(|| assert_eq!(container.finish().code, 0));
        }
    });
    host.assert_clean(&ids.into_iter().collect::<Vec<_>>(), "two dozen");
}

#[test]
fn a_running_container_is_never_swept() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let container = host.start(&host.everything("chapter-07"), "echo x > /file");
    let dead = host
        .start(&host.everything("chapter-07").replace("1808", "1908").replace("1805", "1905"), "");
    let id = dead.id();
    kill_victim(&dead, Victim::Runtime);
    drop(dead);
    let said = host.lab(&["clean"]).ok();
    assert!(said.contains(&format!("record of {id}")), "{said}");
    assert!(!said.contains(&container.id()) && !said.contains("bridge"), "{said}");
    // All that the other one has is in its place.
    let server = Net::of(container.pid).listen(80);
    if host::can_publish() {
        assert!(host.net.reaches(([127, 0, 0, 1], 18080), &server).is_some());
    }
    drop(server);
    assert!(!cgroup::dirs(&container.id()).is_empty());
    assert!(Path::new(&format!("/proc/{}/root/file", container.pid)).exists());
    let ids = [id, container.id()];
    assert_eq!(container.finish().code, 0);
    host.assert_clean(&ids, "in the end");
}

#[test]
fn files_outside_the_container_are_never_deleted() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let container =
        host.start(&host.everything("chapter-07"), "ln -s /srv /link; ln -s ../../.. /up");
    let id = container.id();
    kill_victim(&container, Victim::Both);
    drop(container);
    // Links in what is removed lead to files of the host.
    let upper = host.lab.records().join(&id).join("overlay/upper");
    std::os::unix::fs::symlink(host.outside(), upper.join("host-link")).unwrap();
    host.lab(&["clean"]).ok();
    host.assert_clean(&[id], "with volumes");
}

#[test]
fn a_layer_in_which_something_is_mounted_is_not_deleted() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let container = host.start("chapter-07 --network none", "mkdir /inner");
    let id = container.id();
    kill_victim(&container, Victim::Both);
    drop(container);
    let inner = host.lab.records().join(&id).join("overlay/upper/inner");
    let outside = host.outside();
    // As if somebody had looked into the layer with a bind mount.
    let mount = format!("mount --bind {} {}", outside.display(), inner.display());
    let ran = host.lab.lab_with_mounts(&mount, &["clean"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("is mounted there"), "{}", ran.stderr);
    assert!(outside.join("precious").exists());
    // It stays recorded: without the mount, it can go.
    assert_eq!(host.ids(), [&*id]);
    host.lab(&["clean"]).ok();
    host.assert_clean(&[id], "without the mount");
}

#[test]
fn a_record_that_is_none_keeps_nobody_up() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::new();
    let state = lab.records();
    fs::create_dir(&state).unwrap();
    let fifo = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("mkfifo starts").success());
    };
    // In place of the directory, and in it; endless, no text, and a link out.
    fifo(&state.join("aaaaaaaaaaaa"));
    symlink("/", state.join("bbbbbbbbbbbb")).unwrap();
    let inside = |id: &str, kind: &str| {
        fs::create_dir_all(state.join(id)).unwrap();
        state.join(id).join(kind)
    };
    fifo(&inside("000000000001", "container"));
    fifo(&inside("000000000002", "network"));
    let endless = fs::File::create(inside("000000000003", "cgroup")).unwrap();
    endless.set_len(1 << 40).unwrap();
    fs::write(inside("000000000004", "cgroup"), b"/sys/fs/cgroup/\xe9\n").unwrap();
    fs::write(inside("000000000005", "container"), b"1\n\xff\n\n\n").unwrap();
    symlink("/dev/zero", inside("000000000006", "container")).unwrap();
    symlink("/dev/zero", inside("000000000008", "container.json")).unwrap();
    fs::write(inside("000000000009", "container.json"), b"{\"version\":1}").unwrap();
    // Of somebody else: it is not for us to act on.
    let theirs = inside("000000000007", "container");
    fs::write(&theirs, "1\n").unwrap();
    chown(theirs.parent().unwrap(), Some(SOMEBODY), Some(SOMEBODY)).unwrap();

    let ran = lab.lab(["clean"]);
    // Of what cannot be read, nobody knows whether it is abandoned.
    for file in [
        "000000000002/network",
        "000000000003/cgroup",
        "000000000008/container.json",
        "000000000009/container.json",
    ] {
        assert!(ran.stderr.contains(file), "{file}: {ran:?}");
    }
    assert!(ran.stderr.contains("it is not a regular file"), "{ran:?}");
    assert!(ran.stderr.contains("it is larger than 1 MiB"), "{ran:?}");
    // What could be understood is gone, and what could not is still there.
    let left = |id: &str| state.join(id).exists();
    for id in ["000000000001", "000000000004", "000000000005", "000000000006"] {
        assert!(!left(id), "{id}: {ran:?}");
    }
    for id in ["000000000002", "000000000003", "000000000007", "000000000008", "000000000009"] {
        assert!(left(id), "{id}: {ran:?}");
    }
    assert_eq!(lab.sh("chapter-00 --view none", "echo runs").ok(), "runs\n");
    let missing = lab.lab(["view", "nobody"]);
    assert!(missing.stderr.contains("nobody"), "{missing:?}");
    for entry in fs::read_dir(&state).unwrap().flatten() {
        let path = entry.path();
        let _ = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
}
