//! The end of a container: asked for, by itself, or because its monitor was killed.

use std::fs;
use std::process::Stdio;
use std::thread;

use harness::host::{Host, can_publish};
use harness::{Ran, cgroup, eventually, kernel, ran, skip};
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
    let docker = |args: &str| on(&host, args);
    let root = root_of(&host);
    let web = "-p 18080:80 --stop-timeout 0 -- sleep 1d";
    docker(&format!("run -d --name web {root} {web}")).ok();
    for _ in 0..10 {
        docker("stop web").ok();
        docker("start web").ok();
    }
    let running = docker("ps");
    assert!(running.stdout.contains("Up"), "{running:?}");
    let taken = docker(&format!("run -d --name other {root} {web}"));
    assert!(taken.code == 125 && taken.stderr.contains("18080"), "{taken:?}");
    // It was made, and has not run: as soon as the port is free, it does.
    docker("stop web").ok();
    docker("start other").ok();
    docker("rm -f web other").ok();
    host.assert_clean(&host.new_ids(), "removed");
}

/// The chapter's program in a host's network.
pub fn on(host: &Host, args: &str) -> Ran {
    let mut program = host.lab.program("chapter-11-lifecycle");
    program.args(args.split_whitespace());
    host.net.inside(|| ran(program.output().unwrap()))
}

/// The option that says where the image is.
pub fn root_of(host: &Host) -> String {
    host.everything("").split_whitespace().take(2).collect::<Vec<_>>().join(" ")
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
fn what_is_removed_at_its_end_is_not_restarted() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.run("--rm --name web", STAYS);
    let ran = keeper.docker("restart web");
    assert!(ran.code == 1 && ran.stderr.contains("cannot be started again"), "{ran:?}");
    assert!(keeper.status("web").starts_with("Up"), "it was let alone");
}

#[test]
fn what_shall_be_gone_in_any_case_may_be_gone_already() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.run("--name web", STAYS);
    let ran = keeper.docker("rm -f nobody web nothing");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "web\n"), "{ran:?}");
    for word in ["nobody", "nothing"] {
        assert!(ran.stderr.contains(&format!("no such container: {word}")), "{ran:?}");
    }
    assert_eq!(keeper.docker("rm web").code, 1);
}
