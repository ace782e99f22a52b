//! Containers that have something of another one's: `--pid`, `--ipc`, `--network container:`.

use std::fs;
use std::io::{Write, pipe};
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use harness::host::Host;
use harness::net::Net;
use harness::terminal::on_terminal;
use harness::{Lab, Started, assert_snapshot, eventually, kernel, skip};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

/// All that can be joined.
const ALL: &str = "--pid container:c1 --ipc container:c1 --network container:c1";

/// Names of the processes that are seen.
const PROCESSES: &str = "cat /proc/[0-9]*/comm 2> /dev/null";

fn host() -> Option<Host> {
    skip::is_root().then(Host::new)
}

fn are_in_one(kind: &str, one: &Started, other: &Started) -> bool {
    kernel::namespace(one.pid, kind) == kernel::namespace(other.pid, kind)
}

fn stop(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    eventually("it ends", || !kernel::is_alive(pid));
}

#[test]
fn two_containers_in_one_pid_namespace_see_and_end_each_others_processes() {
    let Some(host) = host() else { return };
    let script = format!(
        "sleep 777 & until grep -q sleep /proc/$!/comm; do :; done
         echo ready; read line; {PROCESSES}; wait $!; echo $?; exit"
    );
    let one = host.start("chapter-09 --network none --name c1", &script);
    let script = format!(
        "tail -f /dev/null & until grep -q tail /proc/$!/comm; do :; done
         echo $$; {PROCESSES}
         it=$(grep -l sleep /proc/[0-9]*/comm); it=${{it%/comm}}; kill ${{it#/proc/}}"
    );
    let other = host.start("chapter-10 --network none --pid container:c1", &script);
    assert!(other.said.contains("sleep\n") && !other.said.starts_with("1\n"), "{}", other.said);
    for kind in ["pid", "user"] {
        assert!(are_in_one(kind, &one, &other), "{kind}");
    }
    for kind in ["mnt", "uts", "ipc", "net", "cgroup"] {
        assert!(!are_in_one(kind, &one, &other), "{kind}");
    }
    let seen = one.finish().ok();
    assert!(seen.contains("tail\n"), "{seen}");
    // By SIGTERM, which the other one sent.
    assert!(seen.ends_with("143\n"), "{seen}");
    // And with the first process of the namespace, all others have ended.
    assert_eq!(other.wait().code, 137);
    host.assert_clean(&host.new_ids(), "both have ended");
}

#[test]
fn users_are_kept_apart_in_one_pid_namespace_as_well() {
    let Some(host) = host() else { return };
    let one = host.start("chapter-09 --network none --name c1 -u 1000", "");
    let script = "kill -9 1 2> /dev/null || echo refused
                  ls /proc/1/root/ 2> /dev/null || echo closed";
    let other = host.start("chapter-10 --network none --pid container:c1 -u 2000", script);
    assert_eq!(other.said, "refused\nclosed\nready\n");
    other.finish().ok();
    one.finish().ok();
}

#[test]
fn two_containers_in_one_network_are_one_host() {
    let Some(host) = host() else { return };
    let script = "cat /etc/hosts /etc/hostname /etc/resolv.conf /proc/net/route; hostname";
    let one = host.start("chapter-09 --name c1", script);
    let other = host.start("chapter-10 --network container:c1", script);
    assert!(are_in_one("net", &one, &other) && are_in_one("user", &one, &other));
    assert!(!are_in_one("pid", &one, &other) && !are_in_one("uts", &one, &other));
    assert_eq!(one.said, other.said);
    let server = Net::of(one.pid).listen(8080);
    assert!(Net::of(other.pid).reaches((Ipv4Addr::LOCALHOST, 8080), &server).is_some());
    // What one learns of names, the other one does.
    let append = |pid: i32, text: &str| {
        let hosts = format!("/proc/{pid}/root/etc/hosts");
        let mut file = fs::File::options().append(true).open(hosts).expect("hosts");
        file.write_all(text.as_bytes()).expect("it is written");
    };
    append(one.pid, "192.0.2.7 db\n");
    let hosts = fs::read_to_string(format!("/proc/{}/root/etc/hosts", other.pid)).expect("hosts");
    assert!(hosts.ends_with("192.0.2.7 db\n"), "{hosts}");
    other.finish().ok();
    // It was a guest: the network is still there.
    assert!(host.net.reaches((address_of(one.pid), 8080), &server).is_some());
    drop(server);
    one.finish().ok();
    host.assert_clean(&host.new_ids(), "both have ended");
}

fn address_of(pid: i32) -> Ipv4Addr {
    let hosts = fs::read_to_string(format!("/proc/{pid}/root/etc/hosts")).expect("hosts");
    let line = hosts.lines().find(|line| line.starts_with("10.")).expect("an address");
    line.split_whitespace().next().expect("a word").parse().expect("an address")
}

#[test]
fn a_network_goes_with_the_container_whose_it_is() {
    let Some(host) = host().filter(|_| skip::has_one_of(&["ip"])) else { return };
    let before = host.net.everything();
    let one = host.start("chapter-09 --name c1", "");
    let (other, id) = (host.start("chapter-10 --network container:c1", ""), one.id());
    one.finish().ok();
    // Whoever is still in it has nothing of the host's any more: the address may be the next
    // one's.
    host.net.wait_until(&before);
    assert_eq!(Net::of(other.pid).ip("-brief link").lines().count(), 1);
    assert!(!host.ids().contains(&id));
    assert_eq!(host.lab(&["run", "10", "--network", "container:c1", "--", "true"]).code, 125);
    other.finish().ok();
    host.assert_clean(&host.new_ids(), "both have ended");
}

#[test]
fn a_network_whose_runtime_was_killed_is_cut_off_as_well() {
    let Some(host) = host() else { return };
    let before = host.net.everything();
    let one = host.start("chapter-09 --name c1", "");
    let other = host.start("chapter-10 --network container:c1", "");
    stop(one.runtime);
    host.lab(&["clean"]).ok();
    host.net.wait_until(&before);
    other.finish().ok();
    host.assert_clean(&host.new_ids(), "both have ended");
}

#[test]
fn two_containers_in_one_ipc_namespace_have_the_same_queues_and_shared_memory() {
    let Some(host) = host() else { return };
    let one = host.start(
        "chapter-09 --network none --name c1",
        "touch /dev/mqueue/queue; echo words > /dev/shm/memory",
    );
    let other = host.start(
        "chapter-10 --network none --ipc container:c1",
        "ls /dev/mqueue; cat /dev/shm/memory; echo more > /dev/shm/answer",
    );
    assert_eq!(other.said, "queue\nwords\nready\n");
    assert!(are_in_one("ipc", &one, &other) && !are_in_one("pid", &one, &other));
    let answer = fs::read_to_string(format!("/proc/{}/root/dev/shm/answer", one.pid));
    assert_eq!(answer.expect("it is there"), "more\n");
    // Whoever stays has them still.
    one.finish().ok();
    other.finish().ok();
    host.assert_clean(&host.new_ids(), "both have ended");
}

#[test]
fn queues_and_shared_memory_are_for_whom_their_container_says() {
    let Some(host) = host() else { return };
    let join = ["run", "10", "--network", "none", "--ipc", "container:c1", "--", "true"];
    let script = "grep -c ' /dev/shm ' /proc/mounts";
    for (mode, memory, is_refused) in
        [("shareable", "1\n", false), ("private", "1\n", true), ("none", "0\n", true)]
    {
        let args = format!("10 --network none --name c1 --ipc {mode}");
        let one = host.start(&args, script);
        assert_eq!(one.said, format!("{memory}ready\n"), "{mode}");
        let own = |pid| fs::read_link(format!("/proc/{pid}/ns/ipc")).expect("its namespace");
        assert_ne!(own(one.pid), own(std::process::id().cast_signed()), "{mode}");
        let ran = host.lab(&join);
        if is_refused {
            assert_eq!(ran.code, 125, "{mode}: {ran:?}");
            assert!(ran.stderr.contains("container c1: non-shareable IPC"), "{ran:?}");
        } else {
            ran.ok();
        }
        one.finish().ok();
    }
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn another_containers_shared_memory_leads_nowhere_else() {
    let Some(host) = host() else { return };
    for link in ["/etc", "/proc/self/fd", "/proc/self/root/etc", "../../../etc"] {
        let args = "chapter-09 --privileged --userns host --network none --name c1";
        let script = format!("umount /dev/shm && rmdir /dev/shm && ln -s {link} /dev/shm");
        let one = host.start(args, &script);
        let refused = host.lab(&["run", "10", "--ipc", "container:c1", "--", "ls", "/dev/shm"]);
        assert_eq!((refused.code, &*refused.stdout), (125, ""), "{link}: {refused:?}");
        one.finish().ok();
    }
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn a_container_of_any_chapter_can_be_joined() {
    let Some(host) = host() else { return };
    for number in 2..=10 {
        for users in if number < 8 { &[""][..] } else { &["", "--userns host"] } {
            let chapter = format!("chapter-{number:02} {users}");
            let one = host.start(&format!("{chapter} --name c1"), "");
            let other = host.start(&format!("chapter-10 {ALL}"), "");
            for kind in ["pid", "ipc", "net", "user"] {
                assert!(are_in_one(kind, &one, &other), "{kind} of {chapter}");
            }
            for kind in ["mnt", "uts"] {
                assert!(!are_in_one(kind, &one, &other), "{kind} of {chapter}");
            }
            drop(one);
            // What the two have of the host's, and have to say of it.
            let ran = other.wait();
            assert_eq!(ran.code, 137, "{chapter}: {ran:?}");
            let said: Vec<_> =
                ran.stderr.lines().filter(|line| line.starts_with("note: its ")).collect();
            let of = |what: &str| format!("note: its {what} are the host's, as those of c1 are");
            assert_eq!(said.contains(&&*of("users")), number < 8 || !users.is_empty(), "{said:?}");
            assert_eq!(said.contains(&&*of("message queues")), number < 4, "{said:?}");
            let network = "note: its network is the host's, as that of c1 is";
            assert_eq!(said.contains(&network), number < 5, "{said:?}");
            host.lab(&["clean"]).ok();
        }
    }
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn a_third_one_joins_as_the_second_did() {
    let Some(host) = host() else { return };
    let one = host.start("chapter-10 --name c1", "");
    let second = host.start("chapter-10 --name c2 --network container:c1", "");
    // Two of them, who have the same users since one has joined the other.
    let join = "chapter-10 --network container:c2 --pid container:c1";
    let third = host.start(join, "echo $$; cat /etc/hostname");
    assert_eq!(third.said, format!("2\n{}\nready\n", one.id()));
    assert!(are_in_one("net", &one, &third) && are_in_one("pid", &one, &third));
    third.finish().ok();
    second.finish().ok();
    one.finish().ok();
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn what_is_the_hosts_is_the_hosts() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "echo $$; cat /proc/$PPID/comm";
    for users in ["", "--userns host "] {
        let args = format!("chapter-10 {users}--network none --pid host --ipc host");
        let container = lab.start(&args, script);
        let said: Vec<_> = container.said.lines().collect();
        assert_eq!(said, [&*container.pid.to_string(), "lab", "ready"], "{users}");
        let own = kernel::own_namespaces(container.pid);
        assert!(!own.contains(&"pid") && !own.contains(&"ipc"), "{own:?}");
        assert_eq!(own.contains(&"user"), users.is_empty());
        // It sees this process, and the host's memory.
        let us = format!("/proc/{}/root/proc/{}/comm", container.pid, std::process::id());
        assert!(Path::new(&us).exists());
        let shm =
            |root: &str| fs::metadata(format!("{root}/dev/shm")).map(|it| (it.dev(), it.ino()));
        if let Ok(ours) = shm("") {
            assert_eq!(shm(&format!("/proc/{}/root", container.pid)).expect("it is there"), ours);
        }
        container.finish().ok();
    }
}

#[test]
fn an_init_beside_another_number_one_has_its_own_orphans() {
    let Some(host) = host() else { return };
    let one = host.start("chapter-09 --network none --name c1", "");
    // Its parent has ended when we ask for it.
    let script = "(sleep 777 & echo $! > /pid); grep PPid /proc/$(cat /pid)/status; echo $PPID";
    for init in ["", " --init"] {
        let args = format!("chapter-10 --network none --pid container:c1{init}");
        let other = host.start(&args, script);
        let said: Vec<_> = other.said.split_whitespace().collect();
        match (init, &said[..]) {
            ("", ["PPid:", "1", "0", "ready"]) => {}
            (" --init", ["PPid:", adopted, parent, "ready"]) if adopted == parent => {}
            _ => panic!("{init}: {said:?}"),
        }
        other.finish().ok();
        // It was not number 1, with which all would have ended: so they end with the cgroup.
        let namespace = kernel::namespace(one.pid, "pid");
        let is_in_there = |pid: &i32| {
            let link = fs::read_link(format!("/proc/{pid}/ns/pid"));
            link.is_ok_and(|link| link.to_string_lossy() == namespace)
        };
        eventually("only one is left", || {
            let pids = fs::read_dir("/proc").expect("proc").flatten();
            let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            // Those of which its number 1 has not heard are zombies.
            pids.filter(|pid| is_in_there(pid) && kernel::is_alive(*pid)).count() == 1
        });
    }
    one.finish().ok();
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn what_runs_among_others_ends_with_its_container() {
    if !skip::is_root() {
        return;
    }
    for new_host in [Host::new as fn() -> Host, Host::of_somebody] {
        let host = new_host();
        let one = host.start("chapter-09 --network none --name c1", "");
        for join in ["container:c1", "host"] {
            let args = format!("chapter-10 --network none --pid {join}");
            let other =
                host.start(&args, "(sleep 777 &) > /dev/null 2>&1; sleep 777 > /dev/null 2>&1 &");
            let mounts = kernel::namespace(other.pid, "mnt");
            let is_of_it = |pid: &i32| {
                let link = fs::read_link(format!("/proc/{pid}/ns/mnt"));
                link.is_ok_and(|link| link.to_string_lossy() == mounts)
            };
            let count = || {
                let pids = fs::read_dir("/proc").expect("proc").flatten();
                let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
                pids.filter(is_of_it).count()
            };
            assert_eq!(count(), 3, "{join}");
            other.finish().ok();
            assert_eq!(count(), 0, "{join}");
        }
        one.finish().ok();
        host.assert_clean(&host.new_ids(), "both have ended");
    }
}

#[test]
fn the_keys_reach_a_command_that_is_not_number_one() {
    let Some(lab) = Lab::as_root() else { return };
    let one = lab.start("chapter-09 --network none --name c1", "");
    for init in [&[][..], &["--init"]] {
        let mut run = lab.program("lab");
        run.args(["run", "10", "--network", "none", "--pid", "container:c1"]).args(init);
        // With no handler for it: number 1 would not hear of it.
        run.args(["--view", "none", "--", "sh", "-c", "echo runs; exec sleep 1000"]);
        let mut terminal = on_terminal(run);
        let said = terminal.expect("runs\r\n");
        assert!(!said.contains("may ignore"), "{said}");
        terminal.send_control('c');
        terminal.expect_end();
    }
    one.finish().ok();
}

#[test]
fn nothing_is_left_whoever_is_killed_first() {
    if !skip::is_root() {
        return;
    }
    for new_host in [Host::new as fn() -> Host, Host::of_somebody] {
        for (first, second) in [("c1", "c2"), ("c2", "c1")] {
            let host = new_host();
            let whose = if host.is_root() { "root's" } else { "somebody's" };
            let one = host.start("chapter-09 --name c1", "sleep 777 &");
            let other = host.start(&format!("chapter-10 --name c2 {ALL}"), "sleep 777 &");
            for name in [first, second] {
                stop(if name == "c1" { one.runtime } else { other.runtime });
            }
            drop((one, other));
            host.lab(&["clean"]).ok();
            host.assert_clean(&host.new_ids(), &format!("{whose}, {first} first"));
        }
    }
}

#[test]
fn an_ordinary_users_containers_join_each_other() {
    if !skip::is_root() {
        return;
    }
    let host = Host::of_somebody();
    for chapter in ["chapter-05", "chapter-09", "chapter-09 --network none", "chapter-10"] {
        let script = "echo words > /dev/shm/memory; sleep 777 &
                      until grep -q sleep /proc/$!/comm; do :; done";
        let one = host.start(&format!("{chapter} --name c1"), script);
        let script = format!("cat /dev/shm/memory; {PROCESSES}");
        let other = host.start(&format!("chapter-10 {ALL}"), &script);
        for kind in ["pid", "ipc", "net", "user"] {
            assert!(are_in_one(kind, &one, &other), "{kind} of {chapter}");
        }
        let said = &other.said;
        assert!(said.starts_with("words\n") && said.contains("sleep\n"), "{chapter}: {said}");
        let server = Net::of(one.pid).listen(8080);
        assert!(Net::of(other.pid).reaches((Ipv4Addr::LOCALHOST, 8080), &server).is_some());
        other.finish().ok();
        one.finish().ok();
    }
    host.assert_clean(&host.new_ids(), "all have ended");
}

#[test]
fn who_ends_while_somebody_joins_is_missed() {
    let Some(host) = host() else { return };
    let fifo = host.lab.state_dir().join("environment");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a fifo");
    for kind in ["pid", "ipc", "network"] {
        let one = host.start("chapter-09 --name c1", "");
        let joins = host.net.inside(|| {
            let mut run = host.lab.program("lab");
            run.args(["run", "10", &format!("--{kind}"), "container:c1", "--env-file"]).arg(&fifo);
            run.args(["--", "true"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            run.spawn().expect("lab starts")
        });
        // The runtime has found the other one, and waits for an environment.
        let variables = fs::File::options().write(true).open(&fifo).expect("it is read");
        one.finish().ok();
        drop(variables);
        let ran = harness::ran(joins.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, 125, "{kind}: {ran:?}");
        assert_eq!(ran.stderr, "error: the container c1 has ended\n", "{kind}");
        host.assert_clean(&host.new_ids(), kind);
    }
}

#[test]
fn nobody_who_is_there_looks_at_who_comes() {
    let Some(lab) = Lab::as_root() else { return };
    let look = "until held=$(grep -l lab:held /proc/[0-9]*/comm 2> /dev/null); do :; done
                cd ${held%/comm} || exit
                (readlink fd/*; ls root/; ls map_files; cat environ; readlink exe) 2> /dev/null
                echo looked";
    for (first, joins) in [
        // As the same user of the host, and as one with more power over their own.
        ("chapter-09 --userns host", "--pid container:c1"),
        ("chapter-10 --ipc host", "--pid container:c1 --ipc container:c1 --cap-add SYS_PTRACE"),
    ] {
        let one = lab.start(&format!("{first} --network none --name c1"), "");
        // There is something to be said before it starts, and nobody who listens.
        let (_reader, mut writer) = pipe().expect("a pipe");
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("a pipe");
        while writer.write(&[0; 4096]).is_ok() {}
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).expect("a pipe");
        let mut run = lab.program("lab");
        run.args(["run", "10", "--network", "none"]).args(joins.split(' ')).args(["--", "true"]);
        let mut run = run.stderr(writer).spawn().expect("lab starts");
        let looks = lab.start(&format!("chapter-10 --network none {joins}"), look);
        assert_eq!(looks.said, "looked\nready\n", "{first}");
        looks.finish().ok();
        run.kill().expect("it waits");
        run.wait().expect("it ends");
        one.finish().ok();
        lab.lab(["clean"]).ok();
    }
}

#[test]
fn a_record_tells_who_was_joined() {
    let Some(lab) = Lab::as_root() else { return };
    let one = lab.start("chapter-09 --network none --name c1", "");
    let args = "chapter-10 --network none --name c2 --pid container:c1 --ipc host";
    let other = lab.start(args, "");
    let record = fs::read(lab.records().join(other.id()).join("container.json")).expect("a record");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    let join = &record["resolved"]["join"];
    assert_eq!(join["pid"]["container"]["id"], one.id(), "{join}");
    assert_eq!(join["pid"]["container"]["name"], "c1");
    assert_eq!((&join["ipc"], &join["network"]), (&"host".into(), &"own".into()));
    assert!(record["resolved"]["users"]["theirs"].is_object(), "{record:#}");
    other.finish().ok();
    one.finish().ok();
}

#[test]
fn the_view_tells_whose_a_namespace_is() {
    let Some(lab) = Lab::as_root() else { return };
    let one = lab.start("chapter-09 --network none --name c1", "");
    let other = lab.start("chapter-10 --network none --name c2 --pid container:c1", "");
    let stranger = lab.start("chapter-09 --network none --name c3", "");
    let mut said = String::new();
    for name in ["c1", "c2", "c3"] {
        let view = lab.lab(["view", "--view", "brief", name]).ok();
        // Only the last column is of this test.
        let lines = view.lines().skip(1).map(|line| {
            let (title, rest) = line.split_at(13);
            format!("{title}{}\n", rest.rsplit("  ").next().expect("a mark").trim())
        });
        said += &format!("{name}\n{}\n", lines.collect::<String>());
        let view = lab.lab(["view", name]).ok();
        let right = |line: &str| line.split_once('│').map(|(_, right)| right.trim().to_owned());
        let lines = view.lines().filter_map(right).filter(|line| {
            ["own", "'s"].iter().any(|word| line.ends_with(word)) && line.contains(" 40")
        });
        said += &(lines.collect::<Vec<_>>().join("\n") + "\n\n");
    }
    assert_snapshot!("view_joined", said, filters => &[(r"\b40\d{8}\b", "<inode>")]);
    let json = |name: &str| -> Value {
        serde_json::from_str(&lab.lab(["view", "--json", name]).ok()).expect("JSON")
    };
    let member = |name: &str, id: String| serde_json::json!({"id": id, "name": name});
    let of_c1 = serde_json::json!({"owner": member("c1", one.id()), "guests": []});
    let of_c2 = serde_json::json!({"owner": null, "guests": [member("c2", other.id())]});
    assert_eq!(json("c2")["others"], serde_json::json!({"pid": of_c1, "user": of_c1}));
    assert_eq!(json("c1")["others"], serde_json::json!({"pid": of_c2, "user": of_c2}));
    assert_eq!(json("c3")["others"], serde_json::json!({}));
    assert_eq!(json("c2")["processes"]["mark"], "own");
    // Found by what is written down of it, and so as long as it is there.
    let guest = lab.state_dir().join("guests").join(other.id());
    assert!(guest.exists());
    for container in [stranger, other, one] {
        container.finish().ok();
    }
    assert!(!guest.exists());
}

#[test]
fn what_cannot_be_joined_is_told() {
    let Some(host) = host() else { return };
    let one = host.start("chapter-09 --network none --name c1", "");
    let two = host.start("chapter-09 --network none --name c2", "");
    let mut said = String::new();
    for args in [
        "10 --pid hots",
        "10 --pid",
        "10 --pid container:",
        "10 --ipc c1",
        "10 --ipc contaner:c1",
        "10 --ipc privat",
        "10 --network brigde",
        "10 --network container:",
        "10 --network container:nobody",
        "10 --network container:c1 -p 80",
        "10 --network container:c1 --hostname web",
        "10 --pid container:c1 --userns host",
        "10 --pid container:c1 --ipc container:c2",
        "9 --pid host",
        "9 --ipc container:c1",
        "9 --network container:c1",
        "5 --network container:c1",
    ] {
        let words = ["run"].into_iter().chain(args.split_whitespace()).chain(["--", "true"]);
        let ran = host.lab(&words.collect::<Vec<_>>());
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{args}: {ran:?}");
        said += &format!("{args}\n{}\n", ran.stderr);
    }
    assert_snapshot!("join_refusals", said, filters => &[
        (r"<id> \((c\d)\), <id> \((c\d)\)", "<id> (c1), <id> (c2)"),
        (r"[0-9a-f]{12} \(c[12]\), [0-9a-f]{12} \(c[12]\)", "<id> (c1), <id> (c2)"),
    ]);
    two.finish().ok();
    one.finish().ok();
    host.assert_clean(&host.new_ids(), "both have ended");
}
