//! The end of a container: asked for, by itself, or because its monitor was killed.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;

use harness::host::{Host, can_publish};
use harness::{Lab, cgroup, eventually, kernel, ran, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{Keeper, STAYS};

#[test]
fn stop_asks_waits_and_then_kills() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.run("--name kind", STAYS);
    assert_eq!(keeper.docker("stop kind").ok(), "kind\n");
    assert_eq!(keeper.status("kind"), "Exited (7");
    keeper.run("--name deaf --stop-timeout 0", "trap '' TERM; sleep 1000; sleep 1000");
    keeper.docker("stop deaf").ok();
    assert_eq!(keeper.status("deaf"), "Exited (137");
    let script = "trap 'exit 9' USR1; trap '' TERM; while :; do sleep 1000 & wait $!; done";
    let id = keeper.run("--name odd --stop-signal USR1", script);
    eventually("it has its sleep", || kernel::child_of(keeper.first(&id)).is_some());
    // What counts is when it is asked, not when it was made.
    keeper.docker("stop -t 60 odd").ok();
    assert_eq!(keeper.status("odd"), "Exited (9");
    // It is stopped already.
    assert_eq!(keeper.docker("stop odd kind").ok(), "odd\nkind\n");
    assert_eq!(keeper.docker("wait odd kind").ok(), "9\n7\n");
}

#[test]
fn kill_sends_the_signal_that_it_is_told() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", STAYS);
    for word in ["SIGTERM", "term", "15"] {
        keeper.docker(&format!("kill -s {word} web")).ok();
        assert_eq!(keeper.until_exited("web"), "Exited (7");
        keeper.docker("start web").ok();
        keeper.until_ready(&id);
    }
    keeper.docker("kill web").ok();
    assert_eq!(keeper.status("web"), "Exited (137");
    let ran = keeper.docker("kill web");
    assert!(ran.code == 1 && ran.stderr.contains("it is not running"), "{ran:?}");
}

#[test]
fn stop_has_no_trouble_with_a_container_that_ends_by_itself() {
    let Some(keeper) = Keeper::new() else { return };
    for round in 0..20 {
        let name = format!("c{round}");
        // Some have ended by then, and some have not.
        let pause = format!("usleep {}; exit 3", round * 2500);
        keeper.make("run -d", &format!("--name {name}"), &["sh", "-c", &pause]).ok();
        assert_eq!(keeper.docker(&format!("stop -t 0 {name}")).ok(), format!("{name}\n"));
        let status = keeper.status(&name);
        assert!(["Exited (3", "Exited (137"].contains(&&*status), "{status}");
        keeper.docker(&format!("rm {name}")).ok();
    }
}

#[test]
fn what_is_stopped_can_be_started_at_once_with_its_ports() {
    if !skip::is_root() || !can_publish() {
        return;
    }
    let host = Host::new();
    let docker = |args: &str| {
        let mut program = host.lab.program("chapter-11-lifecycle");
        program.args(args.split_whitespace());
        host.net.inside(|| ran(program.output().unwrap()))
    };
    let root = host.everything("").split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let web = "-p 18080:80 --stop-timeout 0 -- nc -lk -p 80 -e true";
    docker(&format!("run -d --name web {root} {web}")).ok();
    for _ in 0..10 {
        docker("stop web").ok();
        docker("start web").ok();
    }
    let taken = docker(&format!("run -d --name other {root} {web}"));
    assert!(taken.code == 125 && taken.stderr.contains("18080"), "{taken:?}");
    // It was made, and has not run: as soon as the port is free, it does.
    docker("stop web").ok();
    docker("start other").ok();
    docker("rm -f web other").ok();
    host.assert_clean(&host.new_ids(), "removed");
}

#[test]
fn a_frozen_container_is_stopped_and_removed() {
    let Some(keeper) = Keeper::new() else { return };
    for command in ["stop", "kill", "rm -f"] {
        let id = keeper.run("--name web --rm", STAYS);
        let Some(dir) = freezer(&id) else { return skip::skip("needs a freezer") };
        freeze(&dir);
        assert_eq!(keeper.docker("ps -q").ok(), format!("{}\n", &id[..12]));
        assert_eq!(keeper.docker("rm web").code, 1);
        let waiting = keeper.waiting(&id);
        assert_eq!(keeper.docker(&format!("{command} web")).ok(), "web\n");
        let waiting = ran(waiting.wait_with_output().unwrap());
        let code = if command == "stop" { "7\n" } else { "137\n" };
        assert_eq!(waiting.ok(), code, "{command}");
        eventually("it goes", || keeper.ids().is_empty());
    }
}

fn freezer(id: &str) -> Option<std::path::PathBuf> {
    let has_one = |dir: &std::path::PathBuf| {
        ["freezer.state", "cgroup.freeze"].iter().any(|file| dir.join(file).exists())
    };
    cgroup::dirs(&id[..12]).into_iter().find(has_one)
}

fn freeze(dir: &std::path::Path) {
    let old = dir.join("freezer.state");
    if old.exists() {
        fs::write(&old, "FROZEN").unwrap();
        eventually("it is frozen", || fs::read(&old).unwrap().starts_with(b"FROZEN"));
    } else {
        fs::write(dir.join("cgroup.freeze"), "1").unwrap();
        let events = dir.join("cgroup.events");
        eventually("it is frozen", || fs::read_to_string(&events).unwrap().contains("frozen 1"));
    }
}

#[test]
fn rm_refuses_what_runs_and_with_force_gets_whatever_does() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", STAYS);
    let ran = keeper.docker("rm web");
    assert!(ran.code == 1 && ran.stderr.contains("it is running"), "{ran:?}");
    assert!(ran.stderr.contains("hint: lab stop web"), "{ran:?}");
    assert!(kernel::is_alive(keeper.first(&id)));
    keeper.docker("rm -f web").ok();
    let forks = "trap '' TERM; f() { f & f; }; for i in 1 2 3; do sleep 1000 & done; \
                 (while :; do sleep 0.01 & wait; done) & sleep 1000";
    let deaf = "exec setpriv --pdeathsig clear sh -c 'trap \"\" TERM; sleep 1000; sleep 1000'";
    for script in [forks, deaf] {
        let id = keeper.run("--pids-limit 64", script);
        let first = keeper.first(&id);
        keeper.docker(&format!("rm -f {id}")).ok();
        assert!(!kernel::is_alive(first) && keeper.ids().is_empty(), "{script}");
        assert!(cgroup::dirs(&id[..12]).is_empty(), "{script}");
    }
}

#[test]
fn a_container_that_has_outlived_its_monitor_is_ended_by_start_and_rm() {
    let Some(keeper) = Keeper::new() else { return };
    if !std::path::Path::new("/usr/bin/setpriv").exists() {
        return skip::skip("needs setpriv of the package util-linux");
    }
    let volumes = "-v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro";
    let deaf = "exec setpriv --pdeathsig clear sh -c 'echo x >> /count; sleep 1000'";
    for command in ["start", "rm", "rm -f"] {
        let id = keeper.run(&format!("--name web {volumes}"), deaf);
        let (monitor, first) = (keeper.monitor(&id), keeper.first(&id));
        eventually("it clears its signal", || comm(first) == "sh" && child_is(first, "sleep"));
        kill(Pid::from_raw(monitor), Signal::SIGKILL).unwrap();
        eventually("its monitor ends", || !kernel::is_alive(monitor));
        assert!(kernel::is_alive(first), "nothing told it to end");
        assert_eq!(keeper.status("web"), "Exited (?");
        keeper.docker(&format!("{command} web")).ok();
        assert!(!kernel::is_alive(first), "{command}");
        keeper.docker("rm -f web");
    }
}

fn comm(pid: i32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

fn child_is(pid: i32, name: &str) -> bool {
    kernel::child_of(pid).is_some_and(|child| comm(child) == name)
}

#[test]
fn with_rm_a_container_goes_when_it_has_ended_and_its_code_is_known_all_the_same() {
    let Some(keeper) = Keeper::new() else { return };
    for code in [0, 3, 255] {
        let id = keeper.run("--rm", &format!("trap 'exit {code}' USR1; {STAYS}"));
        let waits: Vec<_> = (0..3).map(|_| keeper.waiting(&id)).collect();
        keeper.docker(&format!("kill -s USR1 {id}")).ok();
        for wait in waits {
            assert_eq!(ran(wait.wait_with_output().unwrap()).ok(), format!("{code}\n"));
        }
        eventually("it goes", || keeper.ids().is_empty());
    }
}

#[test]
fn a_container_whose_monitor_was_killed_has_exited_and_nobody_knows_how() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", &format!("echo x >> /count; {STAYS}"));
    keeper.kill_monitor(&id);
    assert_eq!(keeper.status("web"), "Exited (?");
    assert_eq!(keeper.docker("ps -q").ok(), "");
    let ran = keeper.docker("wait web");
    assert!(ran.code != 0 && ran.stdout.is_empty(), "{ran:?}");
    assert!(ran.stderr.contains("nobody knows how container web has ended"), "{ran:?}");
    keeper.docker("stop web").ok();
    // What it was made of goes, and what it has written stays.
    assert!(keeper.record(&id).join("cgroup").exists());
    let swept = keeper.lab(["clean"]).ok();
    assert!(swept.contains("removed cgroup") || cgroup::dirs(&id[..12]).is_empty(), "{swept}");
    assert!(!swept.contains("record of") && !swept.contains("layer"), "{swept}");
    assert!(!keeper.record(&id).join("cgroup").exists());
    assert_eq!(keeper.status("web"), "Exited (?");
    keeper.docker("start web").ok();
    let read = keeper.lab(["exec", "web", "--", "cat", "/count"]);
    assert_eq!(read.ok(), "x\nx\n");
    // And without anybody who has swept before.
    keeper.kill_monitor(&id);
    keeper.docker("start web").ok();
    assert!(keeper.status("web").starts_with("Up"));
    keeper.kill_monitor(&id);
    keeper.docker("rm web").ok();
    assert!(cgroup::dirs(&id[..12]).is_empty());
}

#[test]
fn with_rm_nothing_is_left_when_the_monitor_was_killed() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--rm", STAYS);
    keeper.kill_monitor(&id);
    assert_eq!(keeper.docker("ps -aq").ok(), "");
    let ran = keeper.docker(&format!("start {id}"));
    assert!(ran.code == 1 && ran.stderr.contains("no such container"), "{ran:?}");
    let swept = keeper.lab(["clean"]).ok();
    assert!(swept.ends_with(&format!("removed record of {}\n", &id[..12])), "{swept}");
    assert!(keeper.ids().is_empty() && cgroup::dirs(&id[..12]).is_empty());
}

#[test]
fn after_the_host_was_restarted_a_container_has_exited() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", STAYS);
    keeper.kill_monitor(&id);
    let file = keeper.record(&id).join("life/state.json");
    let mut life = keeper.json(&id, "life/state.json");
    assert_eq!(life["status"], "running", "as the monitor has left it");
    life["monitor"]["boot"] = json!("0b6f4d2c-0000-0000-0000-000000000000");
    // As it happens, somebody else has its number now.
    life["monitor"]["pid"] = json!(std::process::id());
    fs::write(&file, life.to_string()).unwrap();
    assert_eq!(keeper.status("web"), "Exited (?");
    keeper.docker("start web").ok();
    assert!(keeper.status("web").starts_with("Up"));
}

/// A process that has only the numbers which a record tells.
#[test]
fn a_stranger_with_a_recorded_number_is_never_signalled() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web --stop-timeout 0", STAYS);
    keeper.kill_monitor(&id);
    // Of a later moment, which is what tells them apart: a number is not given away twice in one.
    let last = keeper.json(&id, "container.json")["process"]["tick"].as_u64().unwrap();
    let mut stranger = stranger_after(last);
    let number = stranger.id();
    let mut life = keeper.json(&id, "life/state.json");
    life["monitor"]["pid"] = json!(number);
    fs::write(keeper.record(&id).join("life/state.json"), life.to_string()).unwrap();
    let mut record = keeper.json(&id, "container.json");
    record["process"]["pid"] = json!(number);
    fs::write(keeper.record(&id).join("container.json"), record.to_string()).unwrap();
    // Also while somebody has the record, so that it looks alive.
    let owner = fs::File::open(keeper.record(&id)).unwrap();
    owner.lock().unwrap();
    assert_eq!(keeper.status("web"), "Exited (?");
    assert_eq!(keeper.docker("kill web").code, 1);
    let mut stop = keeper.program();
    let mut stop = stop.args(["stop", "web"]).stdout(Stdio::null()).spawn().unwrap();
    eventually("it asks", || keeper.record(&id).join("life/wanted").exists());
    drop(owner);
    assert!(stop.wait().unwrap().success());
    keeper.docker("kill web");
    keeper.docker("start web").ok();
    fs::write(keeper.record(&id).join("container.json"), record.to_string()).unwrap();
    keeper.docker("rm -f web").ok();
    assert_eq!(stranger.try_wait().unwrap(), None, "it lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// A process that has started after this tick of the clock.
fn stranger_after(last: u64) -> Child {
    kernel::wait_for("a later tick", || {
        let mut stranger = Command::new("sleep").arg("1000").spawn().unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", stranger.id())).unwrap();
        let tick = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap();
        if tick.parse::<u64>().unwrap() > last {
            return Some(stranger);
        }
        stranger.kill().and_then(|()| stranger.wait()).unwrap();
        None
    })
}

#[test]
fn a_container_is_removed_although_its_monitor_stands_still() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", STAYS);
    let monitor = keeper.monitor(&id);
    kill(Pid::from_raw(monitor), Signal::SIGSTOP).unwrap();
    keeper.docker("rm -f web").ok();
    assert!(!kernel::is_alive(monitor) && keeper.ids().is_empty());
    assert!(cgroup::dirs(&id[..12]).is_empty());
}

#[test]
fn what_several_do_at_once_is_done_once() {
    let Some(keeper) = Keeper::new() else { return };
    let id =
        keeper.make("create", "--name web", &["sh", "-c", &format!("echo x >> /count; {STAYS}")]);
    let id = id.ok().trim().to_owned();
    let at_once = |command: &str| {
        thread::scope(|scope| {
            let all: Vec<_> =
                (0..4).map(|_| scope.spawn(|| keeper.docker(&format!("{command} web")))).collect();
            for one in all {
                assert_eq!(one.join().unwrap().ok(), "web\n", "{command}");
            }
        });
    };
    for round in 1..4 {
        at_once("start");
        let read = keeper.lab(["exec", "web", "--", "cat", "/count"]);
        assert_eq!(read.ok(), "x\n".repeat(round));
        keeper.until_ready(&id);
        at_once("stop");
        assert_eq!(keeper.status("web"), "Exited (7");
    }
    keeper.docker("start web").ok();
    let remove = |_| {
        let mut remove = keeper.program();
        remove.args(["rm", "-f", &id]).stdout(Stdio::null()).stderr(Stdio::null());
        remove.spawn().unwrap()
    };
    let all: Vec<_> = (0..4).map(remove).collect();
    for mut one in all {
        let code = one.wait().unwrap().code();
        // Who comes too late finds none.
        assert!(code == Some(0) || code == Some(1), "{code:?}");
    }
    assert!(keeper.ids().is_empty());
}

#[test]
fn a_policy_starts_a_container_again_as_often_as_it_says() {
    let Some(keeper) = Keeper::new() else { return };
    let script = |code| format!("echo x >> /count; exit {code}");
    let count = |id: &str| {
        let file = keeper.record(id).join("overlay/upper/count");
        fs::read_to_string(file).unwrap_or_default().lines().count()
    };
    let id = keeper.run("--name no --restart no", &script(3));
    assert_eq!(keeper.docker("wait no").ok(), "3\n");
    assert_eq!(count(&id), 1);
    let id = keeper.run("--name twice --restart on-failure:2", &script(3));
    assert_eq!(keeper.docker("wait twice").ok(), "3\n");
    assert_eq!((count(&id), &keeper.json(&id, "life/state.json")["restarts"]), (3, &json!(2)));
    // Asked for once more, it has as many tries again.
    keeper.docker("start twice").ok();
    assert_eq!(keeper.docker("wait twice").ok(), "3\n");
    assert_eq!((count(&id), &keeper.json(&id, "life/state.json")["restarts"]), (6, &json!(2)));
    let id = keeper.run("--name well --restart on-failure", &script(0));
    assert_eq!(keeper.docker("wait well").ok(), "0\n");
    assert_eq!(count(&id), 1);
    let id = keeper.run("--name always --restart always", &script(0));
    eventually("it is started again", || count(&id) > 2);
    assert!(keeper.docker("ps -q").ok().contains(&id[..12]), "between two lives as well");
    keeper.docker("rm -f always").ok();
    let ran = keeper.make("run -d", "--restart unless-stopped", &["true"]);
    assert!(ran.code != 0 && ran.stderr.contains("nothing is started then"), "{ran:?}");
}

#[test]
fn a_stop_between_two_lives_stays_a_stop() {
    let Some(keeper) = Keeper::new() else { return };
    for command in ["stop", "kill"] {
        let id = keeper.run("--name web --restart always", "echo x >> /count; exit 3");
        // By now, it waits longer for its next life than all of the rest takes.
        let ends = keeper.record(&id).join("life/ends");
        eventually("it waits", || {
            let ends = fs::read_to_string(&ends).unwrap().lines().count() as u64;
            let life = keeper.json(&id, "life/state.json");
            ends >= 5 && life["status"] == "restarting" && life["restarts"] == ends - 1
        });
        assert_eq!(keeper.status("web"), "Restarting (3");
        keeper.docker(&format!("{command} web")).ok();
        assert_eq!(keeper.status("web"), "Exited (3");
        assert!(!kernel::is_alive(keeper.monitor(&id)));
        let file = keeper.record(&id).join("overlay/upper/count");
        let before = fs::read_to_string(&file).unwrap();
        assert_eq!(keeper.docker("ps -q").ok(), "");
        // A start is a start: it is started again after its end.
        keeper.docker("start web").ok();
        eventually("it lives twice", || {
            fs::read_to_string(&file).unwrap().len() > before.len() + 2
        });
        keeper.docker("rm -f web").ok();
    }
}

#[test]
fn what_a_later_version_has_written_is_refused_and_stays() {
    let lab = Lab::new();
    let record = lab.records().join("0123456789ab");
    fs::create_dir_all(&record).unwrap();
    let text = r#"{"version": 4, "name": "web", "owner": "maker", "all else": "is new"}"#;
    fs::write(record.join("container.json"), text).unwrap();
    let docker = |args: &str| {
        let mut program = lab.program("chapter-11-lifecycle");
        ran(program.args(args.split_whitespace()).output().unwrap())
    };
    assert_eq!(docker("ps -aq").ok(), "");
    for command in ["start", "stop", "kill", "wait", "rm", "rm -f"] {
        let ran = docker(&format!("{command} 0123456789ab"));
        assert!(ran.code != 0 && ran.stderr.contains("its version is 4"), "{ran:?}");
        assert!(ran.stderr.contains("hint: a later version of lab"), "{ran:?}");
    }
    assert_ne!(lab.lab(["clean"]).code, 0);
    assert_eq!(fs::read_to_string(record.join("container.json")).unwrap(), text);
    fs::remove_dir_all(&record).unwrap();
}

#[test]
fn a_container_whose_record_cannot_be_read_is_not_taken_for_abandoned() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", "echo x >> /count; exit $(wc -l < /count)");
    keeper.docker("wait web").ok();
    let (file, aside) =
        (keeper.record(&id).join("container.json"), keeper.state_dir().join("aside"));
    fs::rename(&file, &aside).unwrap();
    // Of a directory, nothing can be read.
    fs::create_dir(&file).unwrap();
    let ran = keeper.lab(["clean"]);
    assert!(ran.code != 0 && ran.stderr.contains("read ") && ran.stdout.is_empty(), "{ran:?}");
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    keeper.docker("start web").ok();
    assert_eq!(keeper.docker("wait web").ok(), "2\n");
}

#[test]
fn a_life_of_a_later_version_is_refused_and_stays() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.make("create", "--name web", &["true"]).ok();
    let file = keeper.record(&id).join("life/state.json");
    let before = fs::read_to_string(&file).unwrap();
    let later = before.replace("\"version\":1", "\"version\":2");
    fs::write(&file, &later).unwrap();
    for command in ["start", "kill", "wait"] {
        let ran = keeper.docker(&format!("{command} web"));
        assert!(ran.code != 0 && ran.stderr.contains("its version is 2"), "{command}: {ran:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), later);
    fs::write(&file, before).unwrap();
}
