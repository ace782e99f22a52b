//! What is true of a container when nobody has written it down: its monitor was killed, the host
//! was restarted, or somebody else has.

use std::fs;
use std::process::{Child, Command, Stdio};

use harness::host::{Host, can_publish};
use harness::{Lab, cgroup, eventually, kernel, ran, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::ending::{on, root_of};
use super::{Keeper, STAYS};

#[test]
fn the_network_of_a_killed_monitor_is_removed_and_its_ports_are_free() {
    if !skip::is_root() || !can_publish() {
        return;
    }
    let host = Host::new();
    let options = format!("--name web {} -p 18080:80 -- sleep 1000", root_of(&host));
    let id = on(&host, &format!("run -d {options}")).ok();
    let life = host.lab.records().join(&id[..12]).join("life/state.json");
    let kill_monitor = || {
        let life: serde_json::Value = serde_json::from_slice(&fs::read(&life).unwrap()).unwrap();
        let monitor = life["monitor"]["pid"].as_i64().unwrap().try_into().unwrap();
        kill(Pid::from_raw(monitor), Signal::SIGKILL).unwrap();
        eventually("it ends", || host.lab.processes().is_empty());
    };
    kill_monitor();
    on(&host, "start web").ok();
    kill_monitor();
    // Whoever comes next looks after it, and wants the same port.
    let args = format!("run chapter-07 {} -p 18080:80 -- echo it runs", root_of(&host));
    let ran = host.lab(&args.split_whitespace().collect::<Vec<_>>());
    assert_eq!((ran.code, &*ran.stdout), (0, "it runs\n"), "{ran:?}");
    assert!(on(&host, "ps -a").ok().contains("Exited (?)"));
    on(&host, "rm web").ok();
    host.assert_clean(&host.new_ids(), "removed");
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
    // A host that lost its power leaves half a file, or an empty one.
    let whole = fs::read(&aside).unwrap();
    for half in [&whole[..whole.len() / 2], b""] {
        fs::write(&file, half).unwrap();
        let ran = keeper.lab(["clean"]);
        assert!(ran.code != 0 && ran.stderr.contains("read ") && ran.stdout.is_empty(), "{ran:?}");
        let ran = keeper.docker(&format!("rm {}", &id[..12]));
        assert!(ran.code != 0 && ran.stderr.contains("container.json: "), "{ran:?}");
        // It is no row of the list, but the list is not silent about it.
        let ran = keeper.docker("ps -a");
        assert!(ran.code == 0 && ran.stderr.contains("container.json: "), "{ran:?}");
    }
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
