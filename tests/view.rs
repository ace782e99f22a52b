//! The side-by-side view: what it shows, of whom, and that nobody notices.

use std::fs::read;
use std::process::{Command, Stdio};

use harness::terminal::on_terminal;
use harness::{Lab, Ran, Started, assert_snapshot, kernel};
use serde_json::Value;

fn json(ran: Ran) -> Value {
    serde_json::from_str(&ran.ok()).expect("JSON")
}

#[test]
fn the_marks_are_the_kernels_own_facts() {
    let Some(lab) = Lab::as_root() else { return };
    let rows = [
        ("processes", "pid"),
        ("hostname", "uts"),
        ("mounts", "mnt"),
        ("ipc", "ipc"),
        ("network", "net"),
        ("users", "user"),
    ];
    for number in 0..=7 {
        let container = lab.start(&format!("chapter-{number:02}"), "");
        let view = json(lab.lab(["view", "--json"]));
        assert_eq!(view["pid"], container.pid);
        let own = kernel::own_namespaces(container.pid);
        for (row, namespace) in rows {
            let mark = if own.contains(&namespace) { "own" } else { "shared" };
            assert_eq!(view[row]["mark"], mark, "{row} in chapter {number}");
        }
        assert_eq!(view["namespaces"]["mark"] == "own", !own.is_empty());
        assert_eq!(view["root"]["mark"] == "own", number >= 1, "chapter {number}");
        assert_eq!(view["cgroup"]["mark"] == "own", number >= 6, "chapter {number}");
        container.finish();
    }
}

#[test]
fn a_process_of_the_host_has_nothing_of_its_own() {
    let lab = Lab::new();
    let us = std::process::id().to_string();
    let text = lab.lab(["view", "--pid", &us]).ok();
    assert!(text.contains("shared") && !text.contains(" own"), "{text}");
    let view = json(lab.lab(["view", "--json", "--pid", &us]));
    let marks: Vec<_> =
        view.as_object().expect("an object").values().map(|row| &row["mark"]).collect();
    assert_eq!(marks.iter().filter(|mark| **mark == "shared").count(), 10, "{view:#}");
    assert!(!marks.iter().any(|mark| **mark == "own"), "{view:#}");
}

#[test]
fn a_process_that_somebody_else_isolated_is_shown_as_well() {
    let Some(lab) = Lab::as_root() else { return };
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--uts", "sh", "-c", "hostname elsewhere; echo ready; read line"]);
    let mut child =
        unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare starts");
    kernel::read_until(child.stdout.as_mut().expect("a pipe"), "ready\n").expect("it is ready");
    let view = json(lab.lab(["view", "--json", "--pid", &child.id().to_string()]));
    assert_eq!(view["hostname"]["container"]["hostname"], "elsewhere");
    assert_ne!(view["hostname"]["host"]["hostname"], "elsewhere");
    assert_eq!(view["network"]["container"]["interfaces"].as_array().map(Vec::len), Some(1));
    assert_eq!(view["network"]["mark"], "own");
    assert_eq!(view["processes"]["mark"], "shared");
    drop(child.stdin.take());
    child.wait().expect("it ends");
}

#[test]
fn processes_in_a_container_are_seen_however_deep_and_whoever_has_sent_them() {
    let Some(lab) = Lab::as_root() else { return };
    let web = lab.start("chapter-04 --name web", "");
    let mut enter = Command::new("nsenter");
    enter.args(["--pid", "--target", &web.pid.to_string(), "unshare", "--pid", "--fork"]);
    enter.args(["sh", "-c", "sleep 777 & echo ready; read line; kill $!"]);
    let mut sent = enter.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    kernel::read_until(sent.stdout.as_mut().expect("a pipe"), "ready\n").expect("it is ready");
    let processes = &json(lab.lab(["view", "--json", "web"]))["processes"];
    let names = |side: &str| -> Vec<_> {
        let list = processes[side]["list"].as_array().expect("a list");
        let mut names: Vec<_> = list.iter().map(|it| it["name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        names
    };
    assert_eq!(names("container"), ["sh", "sh", "sleep", "unshare"], "{processes:#}");
    assert_eq!(names("host"), names("container"));
    assert_eq!(processes["container"]["count"], 4);
    drop(sent.stdin.take());
    sent.wait().expect("it ends");
    web.finish();
}

#[test]
fn a_container_is_found_by_its_name_its_id_or_the_beginning_of_it() {
    let Some(lab) = Lab::as_root() else { return };
    let none = lab.lab(["view"]);
    assert_eq!(none.code, 125);
    assert_snapshot!("view_nobody", none.stderr);

    let web = lab.start("chapter-04 --name web", "hostname");
    let (pid, id) = (web.pid, web.said.lines().next().expect("its id").to_owned());
    let looks_at_web = |args: &[&str]| {
        let ran = lab.lab(["view", "--json"].iter().chain(args));
        assert_eq!(json(ran)["pid"], pid, "{args:?}");
    };
    looks_at_web(&[]);
    let other = lab.start("chapter-02", "");
    looks_at_web(&["web"]);
    looks_at_web(&[&id]);
    looks_at_web(&[&id[..11]]);
    let record = read(lab.records().join(&id).join("container.json")).expect("its record");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    let whole = record["id"].as_str().expect("an id");
    assert_eq!(whole.len(), 64);
    looks_at_web(&[whole]);
    looks_at_web(&["--pid", &pid.to_string()]);

    let several = lab.lab(["view"]);
    assert_eq!(several.code, 125);
    let mut lines: Vec<_> = several.stderr.lines().collect();
    // In the order of their ids, which are random.
    lines[..2].sort_by_key(|line| !line.contains("web"));
    assert_snapshot!("view_several", lines.join("\n"), filters => &[
        (r"  \b[0-9a-f]{12}\b  -  chapter-02.*", "  <id>  -  chapter-02-pid-ns  pid <pid>  sh …"),
        (r"  \b[0-9a-f]{12}\b  web  chapter-04.*", "  <id>  web  chapter-04-uts-ipc  pid <pid>  sh …"),
    ]);
    let unknown = lab.lab(["view", "nobody"]);
    assert_eq!(unknown.code, 1);
    assert_snapshot!("view_unknown", unknown.stderr, filters => &[
        (r"\b[0-9a-f]{12}, [0-9a-f]{12} \(web\)", "<id> (web), <id>"),
        (r"\b[0-9a-f]{12}\b", "<id>"),
    ]);
    assert_eq!(lab.lab(["view", "--pid", "0"]).code, 2);
    assert_eq!(lab.lab(["view", "--pid", "4194304"]).code, 125);
    web.finish();
    other.finish();
}

#[test]
fn looking_leaves_no_trace_in_the_container() {
    let Some(lab) = Lab::as_root() else { return };
    // A time of access before that of the last change: any reading would renew it.
    let dirs = "/ /etc /root /tmp /dev /dev/mqueue /proc";
    let look =
        "stat -c '%n %X' / /etc /root /tmp /dev /dev/mqueue; ls -d /proc/[0-9]*; sh -c 'echo $$'";
    let script = format!(
        "echo > /root/file; touch -a -d '2001-01-01 00:00:00' {dirs} 2>/dev/null
         {look}; echo ready; read line; {look}; exit"
    );
    let container = lab.start("chapter-07", &script);
    let before = container.said.trim_end().strip_suffix("ready").expect("ready").to_owned();
    for _ in 0..5 {
        lab.lab(["view"]).ok();
        lab.lab(["view", "--json"]).ok();
    }
    let after = container.finish().ok();
    let (before, last_before) = before.trim_end().rsplit_once('\n').expect("lines");
    let (after, first_after) = after.trim_end().rsplit_once('\n').expect("lines");
    let seconds =
        |name: &str| before.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    assert_eq!(seconds("/etc ").as_deref(), Some("978307200"), "{before}");
    // The `ls` in /proc is itself a process in the list.
    let stable = |text: &str| {
        let is_own = |line: &&str| !line.starts_with("/proc/") || *line == "/proc/1";
        text.lines().filter(is_own).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(stable(before), stable(after));
    let number = |text: &str| text.parse::<i32>().expect("a process id");
    // stat, ls, sh: nobody else took a number in between.
    assert_eq!(number(first_after), number(last_before) + 3);
}

/// What would set the title of the terminal that prints it.
const ESCAPE: &str = r"\033]0;pwned\007";

#[test]
fn a_container_cannot_write_to_the_terminal_of_who_looks_at_it() {
    let Some(lab) = Lab::as_root() else { return };
    let script = format!(
        "name=$(printf '/tmp/{ESCAPE}'); mkdir /tmp/x \"$name\"; echo > \"$name/file\"
         mount -t tmpfs \"$name\" \"$name\" 2>/dev/null
         printf '{ESCAPE}' > /proc/self/comm; exec 3> \"$(printf '/root/{ESCAPE}')\""
    );
    let container = lab.start("chapter-07", &script);
    for args in [&["view"] as &[&str], &["view", "--view", "brief"], &["view", "--json"]] {
        let text = lab.lab(["--color", "always"].iter().chain(args)).ok();
        assert!(text.contains("pwned") || args.contains(&"brief"), "it is shown: {text}");
        assert!(!text.contains('\x07') && !text.contains("\x1b]"), "{args:?}: {text:?}");
        assert!(!text.contains("u001b") && !text.contains("u0007"), "{args:?}: {text}");
    }
    container.finish();
    // The summary's list of files neither.
    let script = format!("echo > \"$(printf '/root/{ESCAPE}')\"");
    let ran = lab.sh("--color always --view brief 7", &script);
    assert!(ran.stderr.contains("pwned"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\x07') && !ran.stderr.contains("\x1b]"), "{:?}", ran.stderr);
}

#[test]
fn files_written_so_far_are_counted_while_it_runs() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-07", "echo > /root/new; rm /etc/profile");
    // A slow host may not be done in the time that a view takes at most, and says so.
    let changes = kernel::wait_for("all of it is looked at", || {
        let mut view = json(lab.lab(["view", "--json"]));
        let changes = view["files_changed"]["container"].take();
        (changes["complete"] == true).then_some(changes)
    });
    assert_eq!((&changes["written"], &changes["deleted"]), (&1.into(), &1.into()), "{changes}");
    container.finish();
}

#[test]
fn the_limits_in_the_view_are_those_of_the_cgroup() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-06 --network none -m 64m --pids-limit 30 --cpus 0.5", "");
    let view = json(lab.lab(["view", "--json"]));
    let cgroup = &view["cgroup"]["container"];
    assert_eq!(cgroup["memory_limit"], 64 << 20);
    assert_eq!(cgroup["pids_limit"], 30);
    assert_eq!(cgroup["cpus"], 0.5);
    assert_eq!(cgroup["pids_current"], 1);
    let inside =
        cgroup["paths"].as_array().expect("paths").iter().filter(|path| path["inside"] == "/");
    assert!(inside.count() > 0, "{cgroup:#}");
    container.finish();
}

#[test]
fn watching_goes_on_until_q_and_gives_the_terminal_back() {
    let Some(lab) = Lab::as_root() else { return };
    let refused = lab.lab(["view", "--watch", "--pid", "1"]);
    assert_eq!(refused.code, 125);
    let container: Started = lab.start("chapter-04 --hostname watched", "");
    for key in ["q", "\u{3}"] {
        let mut watch = lab.program("lab");
        watch.args(["view", "--watch"]);
        let mut terminal = on_terminal(watch);
        terminal.expect("\u{1b}[?1049h");
        terminal.expect("watched");
        // Once more, a second later.
        terminal.expect("watched");
        terminal.send(key);
        terminal.expect("\u{1b}[?1049l");
        terminal.expect_end();
    }
    let mut watch = lab.program("lab");
    watch.args(["view", "--watch"]);
    let mut terminal = on_terminal(watch);
    terminal.expect("watched");
    container.finish();
    terminal.expect("the container has ended");
    terminal.expect_end();
}
