//! `lab attack`: whether its table is true, and nothing is hurt by the making of it.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use harness::kernel::{child_of, is_alive, wait_for};
use harness::{Lab, assert_snapshot, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::rootless::User;

/// The cells of some chapters.
fn cells(lab: &Lab, args: &[&str]) -> Vec<Value> {
    let text = lab.lab(["attack", "--json"].iter().chain(args)).ok();
    serde_json::from_str(&text).expect("JSON")
}

/// Makes sure that nothing works in the last chapter of a table, and that what works once
/// works in all chapters before.
fn assert_isolation_grows(table: &str) {
    let mut rows = 0;
    for line in table.lines() {
        let marks: Vec<_> = line.chars().filter(|mark| "✓✗·".contains(*mark)).collect();
        if marks.len() == 12 {
            rows += 1;
            assert_ne!(marks[11], '✗', "{line}");
            let tried: Vec<_> = marks.into_iter().filter(|mark| *mark != '·').collect();
            assert!(tried.is_sorted_by(|one, next| one == next || *one == '✗'), "{line}");
        }
    }
    assert_eq!(rows, 42, "{table}");
}

/// Rows that depend on the host: whether its kernel has modules, SysRq keys and AF_ALG, and whether
/// it lets everybody read its log and push input into their terminals. And the sums.
const VARYING: [(&str, &str); 1] = [(
    "(?m)^(load a kernel module|command the kernel to crash|read the kernel's log|\
     reach the kernel's crypto sockets|type into the caller's terminal|blocked|works) .*",
    "$1 …",
)];

#[test]
fn each_chapter_stops_what_it_claims_and_the_last_one_everything() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.lab(["attack"]);
    assert_eq!(ran.stderr, "");
    let table = ran.ok();
    assert_isolation_grows(&table);
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert_snapshot!("attack", table, filters => &VARYING);
}

#[test]
fn it_is_the_same_for_an_ordinary_user_as_far_as_it_can_be_tried() {
    let Some(user) = User::new() else { return };
    let output = user.run(&["attack"]);
    let table = String::from_utf8(output.stdout).expect("text");
    let notes = String::from_utf8_lossy(&output.stderr);
    // A chapter that does not stop what it should would be told here.
    assert!(output.status.success(), "{notes}");
    assert_eq!(notes.lines().count(), 1, "{notes}");
    assert_isolation_grows(&table);
    assert_snapshot!("attack_rootless", table, filters => &VARYING);
}

#[test]
fn one_attack_is_told_in_words() {
    let Some(lab) = Lab::as_root() else { return };
    let text = lab.lab(["attack", "chapter-03", "4", "--attack", "hostname"]).ok();
    assert_snapshot!("attack_hostname", text);
}

/// How one of chapter 10's attacks goes, in words.
fn around_chapter_10(lab: &Lab, attack: &str) -> String {
    let chapters = ["1", "2", "8", "9", "10"];
    lab.lab([&["attack", "--attack", attack], &chapters[..]].concat()).ok()
}

/// The numbers of processes in a container.
const PROCESSES: [(&str, &str); 1] = [(r"/proc/\d+", "/proc/…")];

#[test]
fn what_comes_in_is_looked_into_before_chapter_10_only() {
    let Some(lab) = Lab::as_root() else { return };
    let text = around_chapter_10(&lab, "newcomer");
    assert_snapshot!("attack_newcomer", text, filters => &PROCESSES);
}

#[test]
fn what_comes_in_is_led_out_before_chapter_10_only() {
    let Some(lab) = Lab::as_root() else { return };
    let text = around_chapter_10(&lab, "newcomer-directory");
    assert_snapshot!("attack_newcomer_directory", text);
}

#[test]
fn the_program_that_comes_in_is_overwritten_before_chapter_10_only() {
    let Some(lab) = Lab::as_root() else { return };
    let text = around_chapter_10(&lab, "newcomer-program");
    assert_snapshot!("attack_newcomer_program", text);
}

#[test]
fn a_copy_is_led_out_before_chapter_10_only() {
    let Some(lab) = Lab::as_root() else { return };
    assert_snapshot!("attack_copy", around_chapter_10(&lab, "copy"));
}

#[test]
fn a_cell_is_a_whole_object() {
    let Some(lab) = Lab::as_root() else { return };
    let cells = cells(&lab, &["chapter-02", "--attack", "kill"]);
    let [cell] = cells.as_slice() else { panic!("one cell: {cells:?}") };
    let keys: Vec<_> = cell.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["attack", "chapter", "reference", "result", "title", "why"]);
    assert_eq!(cell["result"], "blocked");
    let why = cell["why"].as_str().expect("text");
    assert!(why.ends_with("no such process"), "{why}");
}

#[test]
fn the_attacked_host_is_not_this_one() {
    let Some(lab) = Lab::as_root() else { return };
    let read = |path| std::fs::read_to_string(path).expect("a file");
    let facts = || [read("/proc/sys/kernel/hostname"), read("/proc/self/mountinfo")];
    let before = facts();
    for attack in [
        "hostname",
        "mount",
        "symlink",
        "image",
        "runtime",
        "release-agent",
        "newcomer-directory",
        "newcomer-program",
        "copy",
    ] {
        cells(&lab, &["0", "1", "3", "--attack", attack]);
    }
    let after = facts();
    assert_eq!(before[0], after[0]);
    let ours = |table: &str| table.lines().filter(|line| line.contains("lab-")).count();
    assert_eq!(ours(&before[1]), ours(&after[1]), "{}", after[1]);
    for path in [
        "/canary",
        "/victim",
        "/here",
        "/there",
        "/tool",
        "/task",
        "/spoiled",
        "/vol",
        "/runtime",
        "/hierarchy",
    ] {
        assert!(!std::path::Path::new(path).exists(), "{path}");
    }
}

/// Starts `lab attack`, and waits until there is a container: the processes of `lab` and
/// of the sandbox's PID 1.
fn start(lab: &Lab) -> (Child, i32) {
    let mut command = lab.program("lab");
    let child = command.args(["attack", "7", "8", "9"]).stdout(Stdio::null()).spawn();
    let child = child.expect("lab starts");
    let outer = wait_for("the sandbox", || child_of(child.id().cast_signed()));
    let host = wait_for("its host", || child_of(outer));
    wait_for("a container's runtime", || child_of(host));
    (child, host)
}

#[test]
fn a_killed_lab_takes_the_sandbox_with_it() {
    let Some(lab) = Lab::as_root() else { return };
    let (mut child, host) = start(&lab);
    child.kill().expect("it is running");
    child.wait().expect("it ends");
    eventually("the sandbox has ended", || !is_alive(host));
    // A container's things on the host are recorded, and swept like any other's.
    lab.lab(["clean"]).ok();
}

#[test]
fn an_interrupted_one_leaves_not_even_a_record() {
    let Some(lab) = Lab::as_root() else { return };
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (mut child, host) = start(&lab);
        kill(Pid::from_raw(child.id().cast_signed()), signal).expect("it is running");
        let status = child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(signal as i32));
        assert!(!is_alive(host), "the sandbox is still there");
        assert_eq!(lab.ids(), [""; 0], "{signal}");
    }
}
