//! `lab attack`: whether its table is true, and nothing is hurt by the making of it.

use std::process::Stdio;

use harness::kernel::wait_for;
use harness::{Lab, assert_snapshot, eventually};
use serde_json::Value;

/// The cells of some chapters.
fn cells(lab: &Lab, args: &[&str]) -> Vec<Value> {
    let text = lab.lab(["attack", "--json"].iter().chain(args)).ok();
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn each_chapter_stops_what_it_claims_and_the_last_one_everything() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.lab(["attack"]);
    assert_eq!(ran.stderr, "");
    let table = ran.ok();
    let last = |row: &str| {
        let line = table.lines().find(|line| line.starts_with(row));
        line.and_then(|line| line.split_whitespace().last()).expect("a row").to_owned()
    };
    assert_eq!(last("works"), "0", "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    // A host may have no modules, and may let everybody read its kernel's log.
    let varying = [(r"(?m)^(load a kernel module|read the kernel's log|blocked|works) .*", "$1 …")];
    assert_snapshot!("attack", table, filters => &varying);
}

#[test]
fn one_attack_is_told_in_words() {
    let Some(lab) = Lab::as_root() else { return };
    let text = lab.lab(["attack", "chapter-03", "4", "--attack", "hostname"]).ok();
    assert_snapshot!("attack_hostname", text);
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
    for attack in ["hostname", "mount", "symlink", "image"] {
        cells(&lab, &["0", "1", "3", "--attack", attack]);
    }
    let after = facts();
    assert_eq!(before[0], after[0]);
    let ours = |table: &str| table.lines().filter(|line| line.contains("lab-")).count();
    assert_eq!(ours(&before[1]), ours(&after[1]), "{}", after[1]);
    for path in ["/canary", "/victim", "/spoiled", "/vol"] {
        assert!(!std::path::Path::new(path).exists(), "{path}");
    }
}

#[test]
fn a_killed_lab_takes_the_sandbox_with_it() {
    let Some(lab) = Lab::as_root() else { return };
    let mut child = lab
        .program("lab")
        .args(["attack", "7", "8", "9"])
        .stdout(Stdio::null())
        .spawn()
        .expect("lab starts");
    let outer = wait_for("the sandbox", || harness::kernel::child_of(child.id() as i32));
    let host = wait_for("its host", || harness::kernel::child_of(outer));
    wait_for("a container's runtime", || harness::kernel::child_of(host));
    child.kill().expect("it is running");
    child.wait().expect("it ends");
    eventually("the sandbox has ended", || {
        !std::path::Path::new(&format!("/proc/{host}")).exists()
    });
    // What a container had on the host is recorded, and swept like any other's.
    lab.lab(["clean"]).ok();
}
