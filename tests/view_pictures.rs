//! What the view looks like, chapter by chapter: the course's pictures.
//!
//! The host's column depends on the host, so it is replaced by that of an example; the
//! container's column and the marks are what was really seen.

use std::collections::BTreeSet;

use harness::{Lab, assert_snapshot};
use serde_json::Value;

/// The rows of a brief view, with a made-up host instead of this one.
const EXAMPLE_HOST: [(&str, &str); 11] = [
    ("processes", "87, this one is 4242"),
    ("root", "/ (ext4)"),
    ("mounts", "25: /, /proc, /sys, /dev, /run, /tmp"),
    ("host name", "laptop"),
    ("IPC objects", "none"),
    ("network", "lo, eth0 192.0.2.2/24"),
    ("cgroup", "no limits"),
    ("users", "uid 0"),
    ("capabilities", "41 of 41"),
    ("namespaces", ""),
    ("files", ""),
];

/// What varies in the container's column, from run to run or with the host.
const FILTERS: &[(&str, &str)] = &[
    (r"\b[0-9a-f]{12}\b", "<id>"),
    (r"\b10\.\d+\.\d+\.\d+/", "10.76.0.2/"),
    (r"…/(working\S*)/root \(\w+\)", "…/working/root (ext4)"),
    // With cgroups, it depends on how many hierarchies the host has; with masks, on what
    // there is to be masked.
    (r"\b(1[1-9]|[2-9]\d): /, /proc", "<n>: /, /proc"),
];

/// Lays a brief view out again, host and container being those of an example.
fn tidy(view: &str) -> String {
    let mut lines = view.lines().filter(|line| !line.is_empty());
    let title = lines.next().expect("a title");
    let heading: Vec<char> = lines.next().expect("a heading").chars().collect();
    let at = |word: &str| {
        heading.windows(word.len()).position(|part| part.iter().collect::<String>() == word)
    };
    let (host_at, container_at) = (at("host").expect("host"), at("container").expect("container"));
    let width = container_at - host_at;
    let mut text = format!("{title}\n{}\n", heading.iter().collect::<String>());
    for line in lines.take_while(|line| !line.starts_with("ended")) {
        let chars: Vec<char> = line.chars().collect();
        let cell = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
        let label = cell(0, host_at);
        let host = cell(host_at, container_at).trim_end().to_owned();
        let container = cell(container_at, container_at + width).trim_end().to_owned();
        let mark = cell(container_at + width, chars.len());
        let (_, example) = EXAMPLE_HOST
            .into_iter()
            .find(|(name, _)| *name == label.trim_end())
            .unwrap_or_else(|| panic!("an unknown row: {line}"));
        let shown = if example.is_empty() { host.clone() } else { example.to_owned() };
        let filter = |text: String, (pattern, word): &(&str, &str)| {
            harness::snapshot::replace(pattern, &text, word)
        };
        // Its own may look like the host's all the same: both roots an overlay.
        let is_shared = mark.trim() == "shared";
        // Shared things are read twice, and other tests may come and go in between.
        let comes_and_goes = ["network", "IPC objects"].contains(&label.trim_end());
        let inside = if is_shared && (container == host || comes_and_goes) {
            shown.clone()
        } else {
            FILTERS.iter().fold(container, filter)
        };
        text += &format!("{label}{shown:width$}{inside:width$}{mark}\n");
    }
    text
}

#[test]
fn each_chapters_view_shows_what_is_own_by_then() {
    let Some(lab) = Lab::as_root() else { return };
    for number in 0..=10 {
        let chapter = format!("chapter-{number:02}");
        let ran = lab.lab(["run", "--view", "brief", &chapter, "true"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert_snapshot!(format!("view_{chapter}"), tidy(&without_notes(&ran.stderr)));
    }
}

/// Without what a host that has no packet filter is told.
fn without_notes(text: &str) -> String {
    let is_view =
        |line: &&str| !["note:", "warning:", "hint:"].iter().any(|word| line.starts_with(word));
    text.lines().filter(is_view).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn the_full_view_tells_the_containers_side_in_detail() {
    let Some(lab) = Lab::as_root() else { return };
    let args =
        ["run", "--view", "full", "7", "-m", "64m", "--pids-limit", "50", "--hostname", "box"];
    let ran = lab.lab(args.iter().chain(&["--network", "none", "true"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut text = String::new();
    for line in ran.stderr.lines().skip(2).take_while(|line| !line.starts_with("ended")) {
        match line.split_once('│') {
            Some((_, "")) => {}
            Some((_, container)) => text += &format!(" {container}\n"),
            None if line.contains("──") => {
                text += &format!("{}\n", line.replace('─', "").replace("  ", ": "))
            }
            None => {}
        }
    }
    // Where the hierarchies are is the host's affair.
    let (before, cgroup) = text.split_once("\ncgroup").expect("cgroups");
    let (cgroup, after) = cgroup.split_once("\nusers").expect("users");
    let limits: Vec<_> = cgroup.lines().take_while(|line| !line.starts_with("  /")).collect();
    let text = format!("{before}\ncgroup{}\nusers{after}", limits.join("\n"));
    let filters: &[(&str, &str)] = &[
        (r"device \d+:\d+, inode \d+", "device <device>, inode <inode>"),
        (r"(?m)^(  \w+ +)\d{10}", "${1}<inode>"),
        // Which file system the state directory is on is the host's affair, too.
        (r"(?m)^(  /etc/\w+(?:\.conf)?) \(\w+\)", "$1 (<its record's>)"),
        (r"memory [\d.]+ [KM]iB", "memory <used>"),
        (r"cpu [\d.]+ s", "cpu <time>"),
        // At the end of the list there is room for one hierarchy, not for several.
        (r"/sys/fs/cgroup \(cgroup2, read-only\)", "… and <n> more"),
        (r"and \d+ more", "and <n> more"),
        (r"\d+ effective.*", "<n> effective"),
        (r"\d+ at most.*(\n {4}.*)*", "<n> at most: <names>"),
    ];
    assert_snapshot!("view_full", text, filters => filters);
}

/// Every path to a value in the JSON, lists as `[]`.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| keys(value, &format!("{path}.{name}"), found));
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().for_each(|value| keys(value, &format!("{path}[]"), found));
        }
        _ => drop(found.insert(path.trim_start_matches('.').to_owned())),
    }
}

#[test]
fn the_json_has_a_stable_schema() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-07", "");
    let mut view = serde_json::from_str::<Value>(&lab.lab(["view", "--json"]).ok()).expect("JSON");
    for row in view.as_object_mut().expect("an object").values_mut() {
        // Both sides are of one shape.
        row.as_object_mut().and_then(|row| row.remove("host"));
    }
    let mut found = BTreeSet::new();
    keys(&view, "", &mut found);
    let found: Vec<_> = found.into_iter().collect();
    assert_snapshot!("view_json_keys", found.join("\n"));
    container.finish();
}
