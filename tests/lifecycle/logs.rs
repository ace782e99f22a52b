//! What is kept of what a container says, and how it is read again.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use harness::{kernel, ran};
use serde_json::Value;

use super::Keeper;

/// The lines of a file of a log.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read(path).expect("a log");
    let line = |line: &[u8]| serde_json::from_slice(line).expect("JSON in every line");
    text.split(|&byte| byte == b'\n').filter(|text| !text.is_empty()).map(line).collect()
}

/// What they say.
fn said(lines: &[Value]) -> String {
    lines.iter().map(|line| line["log"].as_str().expect("text")).collect()
}

/// `attach` or `logs -f`, with both ends in our hands.
fn client(keeper: &Keeper, args: &str) -> Child {
    let mut command = keeper.program();
    command.args(args.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("it starts")
}

#[test]
fn a_log_has_dockers_lines() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "echo out; echo err >&2; printf 'caf\\351 \\377\\376 \\342\\202\\n'; printf last";
    let id = keeper.run("", script);
    keeper.docker(&format!("wait {id}")).ok();
    let log = lines(&keeper.record(&id).join("life/log"));
    let of = |stream: &str| {
        let lines = log.iter().filter(|line| line["stream"] == stream);
        said(&lines.cloned().collect::<Vec<_>>())
    };
    // Docker ends the last line as well.
    assert_eq!(of("stdout"), "out\ncaf\u{fffd} \u{fffd}\u{fffd} \u{fffd}\u{fffd}\nlast\n");
    assert_eq!(of("stderr"), "err\n");
    for line in &log {
        let time = line["time"].as_str().expect("a time");
        assert!(time.len() == "2026-11-29T21:05:00.000000000Z".len() && time.ends_with('Z'));
        assert_eq!(line.as_object().expect("an object").len(), 3, "{line}");
    }
    let ran = keeper.docker(&format!("logs {id}"));
    assert_eq!((&*ran.stdout, &*ran.stderr), (&*of("stdout"), "err\n"));
}

#[test]
fn a_long_line_is_kept_in_pieces_and_comes_back_whole() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "head -c 40000 /dev/zero | tr '\\0' a; echo; echo next";
    let id = keeper.run("", script);
    keeper.docker(&format!("wait {id}")).ok();
    let log = lines(&keeper.record(&id).join("life/log"));
    let lengths: Vec<_> =
        log.iter().map(|line| line["log"].as_str().expect("text").len()).collect();
    assert_eq!(lengths, [16_384, 16_384, 7_233, 5]);
    let whole = ["a".repeat(40_000), "\nnext\n".to_owned()].concat();
    assert!(keeper.docker(&format!("logs {id}")).ok() == whole);
}

#[test]
fn a_part_of_it_can_be_asked_for() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("--name web", "seq 10");
    keeper.docker("wait web").ok();
    assert_eq!(keeper.docker("logs --tail 2 web").ok(), "9\n10\n");
    assert_eq!(keeper.docker("logs -n 0 web").ok(), "");
    let log = lines(&keeper.record(&id).join("life/log"));
    let time = |at: usize| log[at]["time"].as_str().expect("a time").to_owned();
    let stamped = keeper.docker("logs -t --tail 1 web").ok();
    assert_eq!(stamped, format!("{} 10\n", time(9)));
    // Both ends are in it: several lines may have the same time.
    let since = keeper.docker(&format!("logs --since {} web", time(9))).ok();
    assert!(since.ends_with("10\n"), "{since}");
    let until = keeper.docker(&format!("logs --until {} web", time(0))).ok();
    assert!(until.starts_with("1\n"), "{until}");
    assert_eq!(keeper.docker("logs --until 2001-01-01 web").ok(), "");
    assert_eq!(keeper.docker("logs --since 0s web").ok(), "");
    assert_eq!(keeper.docker("logs --since 1h web").ok().lines().count(), 10);
    for (args, word) in [("--since yesterday web", "no moment"), ("--tail few web", "a number")] {
        let ran = keeper.docker(&format!("logs {args}"));
        assert!(ran.code != 0 && ran.stderr.contains(word), "{ran:?}");
    }
    assert_eq!(keeper.docker("logs nosuch").code, 1);
}

#[test]
fn whoever_follows_hears_the_last_word_also_of_one_that_is_removed() {
    let Some(keeper) = Keeper::new() else { return };
    for args in ["", "--rm"] {
        keeper.run(&format!("-i --name web {args}"), "echo first; read line; printf last");
        let mut follower = client(&keeper, "logs -f web");
        let output = follower.stdout.as_mut().expect("a pipe");
        kernel::read_until(output, "first\n").expect("what was said before");
        let mut attached = client(&keeper, "attach web");
        attached.stdin.take().expect("a pipe").write_all(b"end\n").expect("it reads");
        assert_eq!(ran(attached.wait_with_output().expect("it ends")).code, 0);
        let ran = ran(follower.wait_with_output().expect("it ends"));
        assert_eq!((&*ran.stdout, ran.code), ("last\n", 0), "{args}");
        keeper.docker("rm -f web");
    }
}

#[test]
fn a_log_is_rotated_and_whoever_follows_misses_nothing() {
    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("-i --name web --log-opt max-size=2k,max-file=3", "cat");
    let mut attached = client(&keeper, "attach web");
    let mut follower = client(&keeper, "logs -f web");
    let mut input = attached.stdin.take().expect("a pipe");
    let mut all = String::new();
    for round in 0..40 {
        // Somewhat less than a file each time, and the next when it was read.
        let line = format!("round {round} {}\n", "x".repeat(300));
        let text = [line.repeat(3), format!("round {round} is over\n")].concat();
        input.write_all(text.as_bytes()).expect("it reads");
        let output = follower.stdout.as_mut().expect("a pipe");
        let end = format!("round {round} is over\n");
        let read = kernel::read_until(output, &end).expect("it is followed");
        all.push_str(&read);
        assert!(read.starts_with(&line), "{read}");
    }
    assert_eq!(all.matches("xxx\n").count(), 120);
    let mut kept: Vec<_> = fs::read_dir(keeper.record(&id).join("life"))
        .expect("a directory")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("log"))
        .map(|entry| (entry.file_name(), entry.metadata().expect("a file").len()))
        .collect();
    kept.sort();
    assert_eq!(kept.len(), 3, "{kept:?}");
    // A file is full with the line that fills it.
    assert!(kept.iter().all(|(_, size)| *size < 4096), "{kept:?}");
    let whole = keeper.docker("logs web").ok();
    assert!(whole.ends_with("round 39 is over\n") && all.ends_with(&whole), "{whole}");
    drop(input);
    keeper.docker("rm -f web").ok();
    attached.wait().expect("it ends");
    follower.wait().expect("it ends");
}

#[test]
fn a_container_goes_on_when_its_log_cannot_be_written_and_the_log_says_so() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.make("create", "-i --name web", &["cat"]).ok();
    let id = keeper.ids().remove(0);
    let log = keeper.record(&id).join("life/log");
    // Nobody can write into a directory.
    fs::create_dir(&log).expect("a directory");
    let mut caller = client(&keeper, "start -a -i web");
    let (mut input, mut output) =
        (caller.stdin.take().expect("a pipe"), caller.stdout.take().expect("a pipe"));
    let mut say = |line: &str| {
        input.write_all(line.as_bytes()).expect("it reads");
        kernel::read_until(&mut output, line).expect("it is said");
    };
    say("one\n");
    say("two\n");
    fs::remove_dir(&log).expect("an empty directory");
    say("three\n");
    drop(input);
    assert!(caller.wait().expect("it ends").success());
    let kept = said(&lines(&log));
    assert_eq!(kept, "lab: not written before this line: 2\nthree\n");

    // And if that never comes, it is known at least.
    fs::remove_file(&log).and_then(|()| fs::create_dir(&log)).expect("a directory");
    let mut caller = client(&keeper, "start -a -i web");
    caller.stdin.take().expect("a pipe").write_all(b"four\n").expect("it reads");
    assert_eq!(ran(caller.wait_with_output().expect("it ends")).stdout, "four\n");
    assert_eq!(keeper.json(&id, "life/state.json")["lost_lines"], 1);
    fs::remove_dir(&log).expect("an empty directory");
}
