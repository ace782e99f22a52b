//! Nothing is left behind: whatever is killed, and whenever.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use harness::net::Net;
use harness::{Lab, Ran, Started, cgroup, eventually, kernel, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A container of every feature that leaves something.
fn everything() -> String {
    let rules =
        ["/usr/sbin/nft", "/usr/bin/nft", "/sbin/nft"].iter().any(|nft| Path::new(nft).exists());
    let ports = if rules { "-p 18080:80 -p 18053:53/udp" } else { "" };
    format!("chapter-07 {ports} -m 64m --cpus 1 --pids-limit 64 --tmpfs /tmp")
}

/// A host, and the state of it before anything ran there.
struct Host {
    lab: Lab,
    net: Net,
    before: String,
    mounts: String,
}

impl Host {
    fn new() -> Self {
        let (lab, net) = (Lab::new(), Net::new());
        lab.image(); // made now, not in one of the runs to be killed
        let (before, mounts) = (net.everything(), kernel::mounts());
        Self { lab, net, before, mounts }
    }

    fn start(&self, args: &str, script: &str) -> Started {
        self.net.inside(|| self.lab.start(args, script))
    }

    fn lab(&self, args: &[&str]) -> Ran {
        self.net.inside(|| self.lab.lab(args))
    }

    /// The containers that have a record.
    fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(self.lab.state_dir()).unwrap().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.len() == 12)
            .collect()
    }

    /// The processes started by this test: they know its state directory.
    fn processes(&self) -> Vec<i32> {
        let ours = format!("LAB_STATE_DIR={}\0", self.lab.state_dir().display());
        let pids = fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|&pid| {
                let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                kernel::is_alive(pid) && String::from_utf8_lossy(&environ).contains(&ours)
            })
            .collect()
    }

    /// Makes sure that nothing is left of the containers `ids`.
    #[track_caller]
    fn assert_clean(&self, ids: &[String], when: &str) {
        assert_eq!(self.ids(), [""; 0], "{when}: records");
        for id in ids {
            let left: Vec<PathBuf> = cgroup::dirs(id);
            assert!(left.is_empty(), "{when}: {left:?}");
            assert!(!kernel::mounts().contains(id), "{when}: mounts");
        }
        assert_eq!(self.processes(), [0; 0], "{when}: processes");
        self.net.wait_until(&self.before);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let new = kernel::mounts();
            let new: Vec<_> = new.lines().filter(|line| !self.mounts.contains(line)).collect();
            let ours = self.lab.state_dir().to_string_lossy().into_owned();
            assert!(!new.iter().any(|line| line.contains(&ours)), "mounted on the host: {new:?}");
        }
    }
}

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
        let container = host.start(&everything(), "echo x > /file; sleep 1000 &");
        let id = container.id();
        kill_victim(&container, victim);
        drop(container);
        match victim {
            // The runtime was there to clean up.
            Victim::FirstProcess => assert_eq!(host.ids(), [""; 0]),
            _ => {
                assert_eq!(host.ids(), [&*id]);
                let said = host.lab(&["clean"]).ok();
                for part in ["writable layer", "address", "bridge lab0", "record of", "cgroup"] {
                    assert!(said.contains(part), "{victim:?}: {part} in\n{said}");
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
    let container = host.start(&everything(), "echo x > /file; sleep 1000 &");
    let id = container.id();
    kill_victim(&container, Victim::Runtime);
    drop(container);
    let ran =
        host.lab(&["run", "chapter-07", "--network", "none", "--", "sh", "-c", "echo it runs"]);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("it runs\n", ""));
    host.assert_clean(&[id], "the next run");
}

#[test]
fn a_runtime_killed_at_any_system_call_leaves_nothing_that_is_not_removed() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let options = everything();
    let run = |moment| {
        let mut command = host.lab.program("lab");
        command.arg("run").args(options.split_whitespace()).args(["--view", "none", "--", "true"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        host.net.inside(|| harness::killer::run_and_kill_at(command, moment))
    };
    let all = run(usize::MAX).expect("it comes to its end");
    host.assert_clean(&[], "not killed");
    // All of them take minutes ($LAB_TEST_ALL); a sample that differs from run to run
    // tells the same in the end.
    let is_all = std::env::var_os("LAB_TEST_ALL").is_some();
    let step = if is_all { 1 } else { all / 40 };
    let first = 1 + std::process::id() as usize % step;
    for moment in (first..=all).step_by(step) {
        run(moment);
        let ids = host.ids();
        // A child that the runtime had begun dies with it, but not in the same instant,
        // and so long it holds the record's lock.
        eventually(&format!("killed at stop {moment} of {all}: clean"), || {
            host.lab(&["clean"]).ok();
            host.ids().is_empty() && host.processes().is_empty()
        });
        host.assert_clean(&ids, &format!("killed at stop {moment} of {all}"));
    }
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
    let container = host.start(&everything(), "echo x > /file");
    let dead = host.start(&everything().replace("1808", "1908").replace("1805", "1905"), "");
    let id = dead.id();
    kill_victim(&dead, Victim::Runtime);
    drop(dead);
    let said = host.lab(&["clean"]).ok();
    assert!(said.contains(&format!("record of {id}")), "{said}");
    assert!(!said.contains(&container.id()) && !said.contains("bridge"), "{said}");
    // All that the other one has is in its place.
    let server = Net::of(container.pid).listen(80);
    if everything().contains("-p") {
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
    let outside = host.lab.state_dir().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "data").unwrap();
    let args = format!("{0} -v {1}:/srv -v {1}:/new/place", everything(), outside.display());
    let container = host.start(&args, "ln -s /srv /link; ln -s ../../.. /up");
    let id = container.id();
    kill_victim(&container, Victim::Both);
    drop(container);
    // Links in what is removed lead to files of the host.
    let upper = host.lab.state_dir().join(&id).join("overlay/upper");
    std::os::unix::fs::symlink(&outside, upper.join("host-link")).unwrap();
    host.lab(&["clean"]).ok();
    host.assert_clean(&[id], "with volumes");
    assert_eq!(fs::read_to_string(outside.join("precious")).unwrap(), "data");
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
    let inner = host.lab.state_dir().join(&id).join("overlay/upper/inner");
    let outside = host.lab.state_dir().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "data").unwrap();
    // As if somebody had looked into the layer with a bind mount.
    let mount = format!("mount --bind {} {}", outside.display(), inner.display());
    let ran = host.lab.lab_with_mounts(&mount, &["clean"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("is mounted there"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(outside.join("precious")).unwrap(), "data");
    // It stays recorded: without the mount, it can go.
    assert_eq!(host.ids(), [&*id]);
    host.lab(&["clean"]).ok();
    host.assert_clean(&[id], "without the mount");
    assert!(outside.join("precious").exists());
}
