//! The world that all containers of an ordinary user share.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::unix::fs::chown;
use std::process::Command;

use harness::host::Host;
use harness::net::Net;
use harness::{SOMEBODY, Started, eventually, kernel, skip};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The namespaces of a world, and of its network.
const SHARED: [&str; 3] = ["user", "mnt", "net"];

/// A host on which an ordinary user runs something, where that can be had.
fn host() -> Option<Host> {
    skip::is_root().then(Host::of_somebody)
}

/// The address of a container that has printed its /etc/hosts.
fn address(container: &Started) -> Ipv4Addr {
    let words = container.said.split_whitespace();
    let mut addresses = words.filter_map(|word| word.parse().ok());
    addresses.find(|it: &Ipv4Addr| it.octets()[0] == 10).expect("an address")
}

/// The process that holds a place.
fn holder(host: &Host, place: &str) -> i32 {
    let text = fs::read(host.lab.state_dir().join(place)).expect("its file");
    let said: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let pid = said["process"]["pid"].as_i64().expect("a number");
    i32::try_from(pid).expect("a process id")
}

fn assert_share(one: &Started, other: &Started) {
    for kind in SHARED {
        let [one, other] = [one, other].map(|it| kernel::namespace(it.runtime, kind));
        assert_eq!(one, other, "{kind}");
    }
}

#[test]
fn two_containers_of_an_ordinary_user_are_neighbours() {
    let Some(host) = host() else { return };
    let one = host.start("7 --name one", "cat /etc/hosts");
    let other = host.start("8", "cat /etc/hosts");
    assert_share(&one, &other);
    let server = Net::of(one.pid).listen(80);
    let peer = Net::of(other.pid).reaches((address(&one), 80), &server);
    assert_eq!(peer.expect("a way to the neighbour").ip(), address(&other));
    let view = host.lab(&["view", "one"]).ok();
    assert!(view.contains(&address(&one).to_string()), "{view}");
    // A world stays for those who are still in it.
    let world = holder(&host, "world");
    drop(server);
    assert_eq!(one.finish().code, 0);
    let third = host.start("5", "cat /etc/hosts");
    assert_share(&other, &third);
    let server = Net::of(other.pid).listen(80);
    assert!(Net::of(third.pid).reaches((address(&other), 80), &server).is_some());
    drop(server);
    assert_eq!((other.finish().code, third.finish().code), (0, 0));
    eventually("the last one out ends it", || !kernel::is_alive(world));
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn first_runs_at_once_make_one_world() {
    let Some(host) = host() else { return };
    let started: Vec<Started> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| host.start("7", ""))).collect();
        runs.into_iter().map(|run| run.join().expect("a container")).collect()
    });
    started.iter().for_each(|other| assert_share(&started[0], other));
    for container in started {
        assert_eq!(container.finish().code, 0);
    }
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn a_killed_world_or_network_takes_its_containers_along() {
    let Some(host) = host() else { return };
    for place in ["world", "network"] {
        let [one, other] = [host.start("7", ""), host.start("9", "")];
        let containers = [one.pid, other.pid];
        let pid = holder(&host, place);
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it is there");
        for runtime in [one, other] {
            eventually("its runtime is killed", || !kernel::is_alive(runtime.runtime));
            assert_eq!(runtime.wait().code, -1, "killed as well");
        }
        eventually("the containers end", || !containers.into_iter().any(kernel::is_alive));
        host.settle();
        let ran = host.lab(&["run", "7", "--view", "none", "--", "echo", "it runs"]);
        let told =
            format!("note: lab:{place}, process {pid}, was killed, and its containers with it\n");
        assert!(ran.stderr.contains(&told), "{ran:?}");
        assert_eq!((ran.code, &*ran.stdout), (0, "it runs\n"), "{ran:?}");
        host.assert_clean(&host.new_ids(), place);
    }
}

#[test]
fn a_detached_container_stays_in_the_world_and_ends_it_as_the_last_one_out() {
    let Some(host) = host() else { return };
    for network in ["none", "bridge"] {
        let place = if network == "none" { "world" } else { "network" };
        let script = "echo written > /file; sleep 1000 & wait";
        let run = ["run", "-d", "chapter-11", "--network", network, "--name", "web"];
        host.lab(&[&run[..], &["--", "sh", "-c", script]].concat()).ok();
        // The lab that has brought it there has ended; others are in the same world.
        let world = holder(&host, place);
        let read = ["exec", "web", "--", "cat", "/file"];
        eventually("it writes", || host.lab(&read).stdout == "written\n");
        assert_eq!(holder(&host, place), world, "{network}");
        host.lab(&["stop", "-t", "0", "web"]).ok();
        eventually("the last one out ends it", || !kernel::is_alive(world));
        // Once more from its record, with its layer.
        host.lab(&["start", "web"]).ok();
        assert_eq!(host.lab(&["exec", "web", "--", "cat", "/file"]).ok(), "written\n");
        // And it goes with its world.
        let world = holder(&host, place);
        kill(Pid::from_raw(world), Signal::SIGKILL).expect("it is there");
        let status = || host.lab(&["ps", "-a"]).stdout;
        eventually("it has ended", || status().contains("Exited (?)"));
        host.lab(&["rm", "web"]).ok();
        host.settle();
        host.assert_clean(&host.new_ids(), network);
    }
}

#[test]
fn what_a_killed_world_leaves_is_cleaned() {
    let Some(host) = host() else { return };
    let container = host.start("7", "");
    let pid = holder(&host, "world");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it is there");
    eventually("its runtime is killed", || !kernel::is_alive(container.runtime));
    container.wait();
    host.settle();
    let cleaned = host.lab(&["clean"]).ok();
    let told = format!("removed record of lab:world, process {pid}, which was killed\n");
    assert!(cleaned.contains(&told), "{cleaned}");
    assert!(cleaned.contains("removed writable layer"), "{cleaned}");
    host.assert_clean(&host.new_ids(), "cleaned");
}

#[test]
fn what_a_killed_run_leaves_in_a_network_that_lives_on_is_cleaned_in_there() {
    let Some(host) = host().filter(|_| skip::has_one_of(&["ip"])) else { return };
    let killed = host.start("7", "");
    let neighbour = host.start("7", "");
    let claims = |net: &Net| net.ip("neigh show dev lab0 nud permanent").lines().count();
    let network = Net::of(neighbour.runtime);
    assert_eq!(claims(&network), 2);
    kill(Pid::from_raw(killed.runtime), Signal::SIGKILL).expect("it is there");
    killed.wait();
    // Not by who is in another network, where nothing of it is found.
    assert_eq!(host.lab(&["run", "7", "--network", "none", "--", "true"]).code, 0);
    assert_eq!((host.ids().len(), claims(&network)), (2, 2));
    let cleaned = host.lab(&["clean"]).ok();
    assert!(cleaned.contains("removed address 10."), "{cleaned}");
    assert_eq!((host.ids().len(), claims(&network)), (1, 1));
    assert_eq!(neighbour.finish().code, 0);
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn a_later_labs_world_is_let_alone_while_somebody_is_in_it() {
    let Some(host) = host() else { return };
    let path = host.lab.state_dir().join("world");
    fs::write(&path, r#"{"version": 2}"#).expect("a file");
    chown(&path, Some(SOMEBODY), Some(SOMEBODY)).expect("we are root");
    let file = File::open(&path).expect("it is there");
    let somebody = Flock::lock(file, FlockArg::LockShared).expect("nobody else has it");
    let run = || host.lab(&["run", "7", "--view", "none", "--", "true"]);
    let refused = run();
    let told = format!("error: read {}: its version is 2\n", path.display());
    assert!(refused.code == 125 && refused.stderr.contains(&told), "{refused:?}");
    drop(somebody);
    assert_eq!(run().code, 0);
    host.assert_clean(&host.new_ids(), "nobody was in it");
}

#[test]
fn a_mount_that_the_world_does_not_see_is_named() {
    let Some(host) = host() else { return };
    let container = host.start("7", "");
    let dir = host.outside();
    let volume = format!("{}:/srv", dir.display());
    let run = host.lab.program("lab");
    let mut later = Command::new("unshare");
    later.args(["--mount", "--propagation", "private", "sh", "-ec"]).arg(format!(
        "mount -t tmpfs none {}; exec setpriv --reuid {SOMEBODY} --regid {SOMEBODY} \
         --clear-groups \"$@\"",
        dir.display()
    ));
    later.arg("sh").arg(run.get_program()).args(["run", "7", "-v", &volume, "--", "true"]);
    later.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ran = harness::ran(host.net.inside(|| later.output()).expect("unshare starts"));
    let note = format!("note: what is mounted on {} is not seen in here", dir.display());
    assert!(ran.code == 0 && ran.stderr.contains(&note), "{ran:?}");
    assert_eq!(container.finish().code, 0);
    host.assert_clean(&host.new_ids(), "all have ended");
}
