//! A container that is made, stays, and is started as often as somebody likes.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use harness::{DEADLINE, Ran, cgroup, eventually, kernel, ran};

use super::{Keeper, STAYS};

fn refused(ran: &Ran, code: i32, why: &str) {
    assert!(ran.code == code && ran.stderr.contains(why), "{why}: {ran:?}");
    assert_eq!(ran.stdout, "", "{why}");
}

#[test]
fn a_detached_container_runs_when_the_command_that_made_it_has_ended() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", STAYS);
    assert!(id.len() == 64 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    let (monitor, first) = (keeper.monitor(&id), keeper.first(&id));
    assert_eq!(kernel::child_of(monitor), Some(first));
    let arguments = fs::read(format!("/proc/{monitor}/cmdline")).unwrap();
    assert_eq!(String::from_utf8(arguments).unwrap(), format!("lab:monitor\0{}\0", &id[..12]));
    // A session of its own, with no terminal.
    let stat = fs::read_to_string(format!("/proc/{monitor}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!((fields[3], fields[4]), (&*monitor.to_string(), "0"), "{stat}");
    assert_eq!(fs::read_link(format!("/proc/{monitor}/cwd")).unwrap().as_os_str(), "/");
    let table = keeper.docker("ps").ok();
    assert!(table.contains(&id[..12]) && table.contains("\"sh -c trap 'exit 7'"), "{table}");
    assert_eq!(keeper.docker("ps -q").ok(), format!("{}\n", &id[..12]));
    assert_eq!(keeper.docker("ps -q --no-trunc").ok(), format!("{id}\n"));
    assert!(keeper.status("web").starts_with("Up "));
}

#[test]
fn a_container_that_is_created_has_no_process_until_it_is_started() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.make("create", "--name web", &["sh", "-c", STAYS]).ok().trim().to_owned();
    assert_eq!(keeper.status("web"), "Created");
    assert_eq!(keeper.docker("ps -q").ok(), "");
    assert!(keeper.processes().is_empty());
    assert!(keeper.json(&id, "container.json")["process"].is_null());
    refused(&keeper.docker("kill web"), 1, "it is not running");
    assert_eq!(keeper.docker("start web").ok(), "web\n");
    assert!(keeper.status("web").starts_with("Up "));
    // Started twice, it is the same.
    let first = keeper.first(&id);
    assert_eq!(keeper.docker("start web").ok(), "web\n");
    assert_eq!(keeper.first(&id), first);
}

#[test]
fn a_container_keeps_what_it_has_written_from_one_start_to_the_next() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name count", "echo x >> /count; exit $(wc -l < /count)");
    for code in 1..4 {
        assert_eq!(keeper.docker("wait count").ok(), format!("{code}\n"));
        assert_eq!(keeper.status("count"), format!("Exited ({code}"));
        assert!(cgroup::dirs(&id[..12]).is_empty());
        keeper.docker("start count").ok();
    }
}

#[test]
fn a_word_means_a_name_then_a_whole_id_then_the_beginning_of_one() {
    let Some(keeper) = Keeper::new() else { return };
    let ids: Vec<_> = (0..17).map(|_| keeper.make("create", "", &["true"]).ok()).collect();
    // Of 17 ids, two begin with the same digit.
    let of = |digit: &str| ids.iter().filter(|id| id.starts_with(digit)).count();
    let common = ids.iter().map(|id| &id[..1]).find(|digit| of(digit) > 1).unwrap();
    let said = keeper.docker(&format!("start {common}"));
    refused(&said, 1, &format!("several containers have an id that begins with {common}"));
    for id in ids.iter().filter(|id| id.starts_with(common)) {
        assert!(said.stderr.contains(&id[..12]), "{said:?}");
    }
    for digits in [64, 40, 12, 11] {
        let id = keeper.make("create", "", &["true"]).ok();
        let word = &id[..digits];
        assert_eq!(keeper.docker(&format!("rm {word}")).ok(), format!("{word}\n"));
        refused(&keeper.docker(&format!("rm {word}")), 1, "no such container");
    }
    let id = ids[0].trim();
    for word in ["", "no", "../containers", &format!("{id}0")] {
        let ran = ran(keeper.program().args(["rm", word]).output().unwrap());
        refused(&ran, 1, &format!("no such container: {word}"));
    }
    // A name goes before an id that begins so.
    let named = keeper.make("create", &format!("--name {}", &id[..6]), &["true"]).ok();
    keeper.docker(&format!("rm {}", &id[..6])).ok();
    let left = keeper.docker("ps -aq --no-trunc").ok();
    assert!(left.contains(id) && !left.contains(named.trim()), "{left}");
}

#[test]
fn a_name_belongs_to_a_container_until_it_is_removed() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.make("create", "--name web", &["true"]).ok();
    let again = keeper.make("run -d", "--name web", &["true"]);
    refused(&again, 125, "the name web is in use by container");
    let ran = keeper.lab(["run", "chapter-00", "--name", "web", "--", "true"]);
    assert!(ran.code == 125 && ran.stderr.contains("the name web is in use"), "{ran:?}");
    keeper.docker("rm web").ok();
    keeper.run("--name web --rm", "true");
}

#[test]
fn what_is_done_with_several_is_done_with_all_that_can_be() {
    let Some(keeper) = Keeper::new() else { return };
    for name in ["one", "two"] {
        keeper.make("create", &format!("--name {name}"), &["true"]).ok();
    }
    let ran = keeper.docker("rm one nobody two nothing");
    assert_eq!((ran.code, &*ran.stdout), (1, "one\ntwo\n"), "{ran:?}");
    assert!(ran.stderr.contains("nobody") && ran.stderr.contains("nothing"), "{ran:?}");
}

#[test]
fn the_file_with_the_id_is_new_and_there_only_if_the_container_is() {
    let Some(keeper) = Keeper::new() else { return };
    let file = keeper.state_dir().join("id");
    let option = format!("--cidfile {}", file.display());
    let id = keeper.run(&option, "true");
    assert_eq!(fs::read_to_string(&file).unwrap(), id);
    refused(&keeper.make("run -d", &option, &["true"]), 125, "write the id into the new file");
    assert_eq!(fs::read_to_string(&file).unwrap(), id, "it is as it was");
    assert_eq!(keeper.ids().len(), 1, "nothing was made");
    fs::remove_file(&file).unwrap();
    let ran = keeper.make("run -d", &format!("{option} --restart never"), &["true"]);
    assert!(ran.code == 2 || ran.code == 125, "{ran:?}");
    assert!(!file.exists());
    let ran = keeper.make("run -d", &format!("{option} --restart always --rm"), &["true"]);
    refused(&ran, 125, "conflicting options");
    assert!(!file.exists());
    assert_eq!(keeper.ids().len(), 1, "nothing was made");
}

#[test]
fn labels_are_written_down() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("-l a=b=c --label d -l e=1 -l e=2", "true");
    let labels = &keeper.json(&id, "container.json")["resolved"]["policy"]["labels"];
    assert_eq!(labels, &serde_json::json!({ "a": "b=c", "d": "", "e": "2" }));
}

#[test]
fn a_chapter_is_not_taken_for_the_command_of_create() {
    let Some(keeper) = Keeper::new() else { return };
    for chapter in ["chapter-11", "11"] {
        refused(&keeper.lab(["create", chapter, "--name", "web", "--", "true"]), 125, "a chapter");
    }
    assert!(keeper.ids().is_empty());
    keeper.lab(["create", "--name", "web", "--network", "none", "--", "true"]).ok();
    assert_eq!(keeper.status("web"), "Created");
}

#[test]
fn ps_prints_no_orders_to_a_terminal() {
    let Some(keeper) = Keeper::new() else { return };
    let ids = ["name", "chapter"].map(|key| {
        let id = keeper.make("create", "", &["echo", "\x1b[2J"]).ok().trim().to_owned();
        let mut record = keeper.json(&id, "container.json");
        record[key] = "x\x1b[2J\ny".into();
        fs::write(keeper.record(&id).join("container.json"), record.to_string()).unwrap();
        id
    });
    let table = keeper.docker("ps -a").ok();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(!table.contains('\x1b') && table.contains("x?[2J?y"), "{table}");
    for id in ids {
        keeper.docker(&format!("rm {id}")).ok();
    }
}

#[test]
fn a_command_that_cannot_be_executed_leaves_its_container_created() {
    let Some(keeper) = Keeper::new() else { return };
    for (code, command, name) in [(127, "/no/such", "gone"), (126, "/etc/passwd", "file")] {
        let ran = keeper.make("run -d", &format!("--name {name}"), &[command]);
        refused(&ran, code, &format!("exec {command}"));
        assert_eq!(keeper.status(name), "Created");
        let id = keeper.docker("ps -aq").ok()[..12].to_owned();
        let life = keeper.json(&id, "life/state.json");
        assert_eq!(life["exit_code"], code);
        assert!(life["error"].as_str().unwrap().contains(command), "{life}");
        assert!(cgroup::dirs(&id).is_empty());
        refused(&keeper.docker(&format!("start {name}")), 1, "exec");
        // With --rm, nothing is left of it.
        let before = keeper.ids();
        refused(&keeper.make("run -d", "--rm", &[command]), code, "exec");
        eventually("it goes", || keeper.ids().len() == before.len());
    }
}

#[test]
fn a_detached_container_has_nothing_of_its_caller() {
    let Some(keeper) = Keeper::new() else { return };
    let make = keeper.making("run -d", "--name web", &["sh", "-c", STAYS]);
    let words: Vec<_> = [make.get_program()].into_iter().chain(make.get_args()).collect();
    // As nohup and a script's `&` do it, and with a pipe that somebody reads to its end.
    let mut caller = Command::new("sh");
    caller.args(["-c", "trap '' INT HUP; umask 0; ulimit -c 0; exec \"$@\" 9>&1", "sh"]);
    for (name, value) in make.get_envs() {
        value.map(|value| caller.env(name, value));
    }
    let mut caller = caller.args(words).env("SECRET", "x").stdin(Stdio::null());
    caller = caller.stdout(Stdio::piped());
    let mut caller = caller.spawn().unwrap();
    let (told, heard) = channel();
    let pipe = caller.stdout.take().unwrap();
    thread::spawn(move || told.send(io::read_to_string(pipe).unwrap()));
    // To its end: nobody that stays has the pipe.
    let said = heard.recv_timeout(DEADLINE).unwrap();
    assert!(caller.wait().unwrap().success());
    let (monitor, first) = (keeper.monitor(said.trim()), keeper.first(said.trim()));
    for pid in [monitor, first] {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
        let ignored = u64::from_str_radix(ignored, 16).unwrap();
        assert_eq!(ignored & 0b11, 0, "HUP and INT of {pid}");
    }
    let environment = fs::read(format!("/proc/{first}/environ")).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains("SECRET"));
    keeper.docker("kill -s INT web").ok();
    assert_eq!(keeper.docker("stop web").ok(), "web\n");
}

#[test]
fn twenty_containers_are_made_and_removed_at_once() {
    let Some(keeper) = Keeper::new() else { return };
    let all = |act: &(dyn Fn(usize) -> Ran + Sync)| -> Vec<String> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20).map(|at| scope.spawn(move || act(at).ok())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    };
    let ids = all(&|at| keeper.make("run -d", &format!("--name c{at}"), &["sh", "-c", STAYS]));
    ids.iter().for_each(|id| keeper.until_ready(id));
    assert_eq!(keeper.docker("ps -q").ok().lines().count(), 20);
    let stopped = all(&|at| keeper.docker(&format!("stop c{at}")));
    assert_eq!(stopped[3], "c3\n");
    assert!((0..20).all(|at| keeper.status(&format!("c{at}")) == "Exited (7"));
    all(&|at| keeper.docker(&format!("start c{at}")));
    all(&|at| keeper.docker(&format!("rm -f {}", ids[at].trim())));
    assert_eq!(keeper.docker("ps -aq").ok(), "");
}
