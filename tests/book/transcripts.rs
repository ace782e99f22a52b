//! Transcripts: files in which somebody types and the programs answer.
//!
//! `book/transcripts/03-mounts.console` holds what is typed, after a prompt, and what
//! came of it. The test types the lines again, and the answers must be the same:
//!
//! ```text
//! # lab run chapter-03 -- sh        the host's prompt
//! / # mount                         the prompt of a shell in the container
//! / # exit
//! ```
//!
//! `03-mounts.setup`, where there is one, is a shell script that the host runs before,
//! unseen. Lines `# filter: PATTERN => TEXT` in it replace what varies in the answers,
//! beyond what [`tidy`] does for all of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use harness::snapshot::{assert_file, replace};
use harness::{Lab, skip};
use regex::{Captures, Regex};

use super::session::Session;
use super::{files, read, workspace};

/// What a person may type after.
const PROMPTS: &str = r"^(#|/\S* #) ";

/// What varies from run to run, and what it is in the book.
const EXAMPLES: &[(&str, &str)] = &[
    (r"after [\d.]+ (ms|s)\b", "after 24.1 ms"),
    (r"peak memory [\d.]+ [KM]iB", "peak memory 652 KiB"),
    (r"CPU time [\d.]+ (ms|s)\b", "CPU time 4.3 ms"),
    (r"[/\w.-]+/lab-test-\w{6}/home/cache", "/root/.cache/container-lab"),
    (r"[/\w.-]+/lab-test-\w{6}/home", "/root"),
    (r"[/\w.-]+/lab-test-\w{6}", "/var/lib/container-lab"),
    // What `lab ps` and `lab logs` say of the time.
    (r"\b(Less than a second|1 second|\d+ seconds) ago", "2 seconds ago"),
    (r"\bUp (Less than a second|1 second|\d+ seconds)", "Up 2 seconds"),
    (r"\b20\d\d-\d\d-\d\dT[\d:.]+Z", "2026-11-29T12:00:00.334662472Z"),
    // An id, of which the first digits are replaced further down.
    (r"\b([0-9a-f]{12})[0-9a-f]{52}\b", "$1-AND-THE-REST"),
    // The example host has a disk.
    (r"working/root \(tmpfs\) ", "working/root (ext4)  "),
    (r"\n+BusyBox v.*\nEnter 'help'.*\n", "\n"),
    (r"\b40 of 4\d\b|\b4\d of 4\d\b", "41 of 41"),
];

/// A test for each transcript, of the same name: they go on at the same time, and one of
/// them can be asked for.
macro_rules! transcripts {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                is_what_happens(stringify!($name));
            }
        )*

        #[test]
        fn every_one_has_a_test() {
            let there = files("book/transcripts", &["console"]);
            let tested: Vec<_> = [$(stringify!($name)),*].into_iter().map(path).collect();
            assert_eq!(tested, there);
        }
    };
}

transcripts! {
    _00_errors
    _00_process
    _00_shared
    _00_without
    _01_mistake
    _01_out
    _01_root
    _01_without
    _02_init
    _02_processes
    _02_without
    _03_mistake
    _03_mounts
    _03_volume
    _03_without
    _04_names
    _04_without
    _05_network
    _05_published
    _05_without
    _06_killed
    _06_limits
    _06_without
    _07_kept
    _07_layers
    _07_volume
    _07_without
    _08_users
    _08_volume
    _08_without
    _09_layers
    _09_security
    _09_without
    _10_copy
    _10_exec
    _10_pod
    _10_without
    _11_attach
    _11_directory
    _11_job
    _11_killed
    _11_restart
    _11_without
    index_run
    trouble_command
    trouble_options
    trouble_rootfs
    trouble_rules
    trouble_user
}

/// `_03_mounts` is that of `03-mounts.console`.
fn path(test: &str) -> PathBuf {
    let name = test.trim_start_matches('_').replace('_', "-");
    workspace().join("book/transcripts").join(name + ".console")
}

fn is_what_happens(test: &str) {
    if !skip::is_root() {
        return;
    }
    if !Path::new("/bin/busybox").exists() && !Path::new("/usr/bin/busybox").exists() {
        return skip::skip("the transcripts are those of a static busybox");
    }
    let path = &path(test);
    let mut lab = Lab::new();
    let setup = std::fs::read_to_string(path.with_extension("setup")).unwrap_or_default();
    lab.set_env("NO_COLOR", "1");
    let mut session = Session::new(&lab, &setup);
    let typed = Regex::new(PROMPTS).expect("a pattern");
    let mut text = String::new();
    for line in read(path).lines().filter(|line| typed.is_match(line)) {
        let (_, command) = line.split_once("# ").expect("a prompt");
        assert!(line.chars().count() < 76, "longer than the terminal is wide: {line}");
        text += &format!("{line}\n{}", session.type_line(command));
    }
    session.leave();
    let own = setup.lines().filter_map(|line| line.strip_prefix("# filter: ")?.split_once(" => "));
    let text = own.fold(tidy(&text), |text, (pattern, word)| replace(pattern, &text, word));
    assert_file(path, &text);
}

/// Replaces what varies by examples, the same thing by the same example each time.
fn tidy(text: &str) -> String {
    let text = EXAMPLES
        .iter()
        .fold(text.to_owned(), |text, (pattern, word)| replace(pattern, &text, word));
    let text = numbered(&text, r"\b[0-9a-f]{12}\b", |n| {
        format!("{:012x}", (n + 1) * 0x3f2a_9c51_d07e % (1 << 48))
    });
    let text = text.replace("-AND-THE-REST", REST);
    let text = numbered(&text, r"\b40265\d{5}\b", |n| (4_026_532_201 + n).to_string());
    let text = text.lines().map(with_example_host).collect::<Vec<_>>();
    aligned(&text).join("\n") + "\n"
}

/// The digits of an id that people do not see.
const REST: &str = "53423aca09c5528827f53cd03e546a152d69594243736a615d9d";

/// Puts the columns of each list of containers under each other again.
fn aligned(lines: &[String]) -> Vec<String> {
    let is_row = |line: &String| {
        line.starts_with("CONTAINER ID ")
            || Regex::new("^[0-9a-f]{12}   ").is_ok_and(|row| row.is_match(line))
    };
    let gap = Regex::new(" {3,}").expect("a pattern");
    let mut done = Vec::new();
    for list in
        lines.chunk_by(|one, next| is_row(one) && is_row(next) && !next.starts_with("CONTAINER"))
    {
        let rows: Vec<Vec<&str>> = list.iter().map(|line| gap.split(line).collect()).collect();
        if !is_row(&list[0]) {
            done.extend_from_slice(list);
            continue;
        }
        let width = |at: usize| {
            rows.iter().filter_map(|row| row.get(at)).map(|it| it.chars().count()).max()
        };
        done.extend(rows.iter().map(|row| {
            let cells = row.iter().enumerate().map(|(at, cell)| {
                let width = width(at).unwrap_or_default();
                format!("{cell:<width$}")
            });
            cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
        }));
    }
    done
}

/// What the host's column says of what is the machine's, not the example's.
const HOST: [(&str, &str); 2] = [("root", "/ (ext4)"), ("mounts", "25: /, /proc, /sys, /dev, /…")];

/// Replaces the host's cell in a line of a view, and the container's where it is the same.
fn with_example_host(line: &str) -> String {
    // The label, two cells with a gap after each, and the mark.
    let cells = Regex::new(r"^(\w+ +)(.{28}  )(.{28}  )(own|shared)$").expect("a pattern");
    let example = HOST.iter().find(|(label, _)| line.starts_with(&format!("{label:13}")));
    let (Some(found), Some((_, host))) = (cells.captures(line), example) else {
        return line.to_owned();
    };
    let host = format!("{host:<30}");
    let container = if found[2] == found[3] { &host } else { &found[3] };
    format!("{}{host}{container}{}", &found[1], &found[4])
}

/// Replaces each different match by an example with its number.
fn numbered(text: &str, pattern: &str, example: impl Fn(u64) -> String) -> String {
    let mut known = HashMap::new();
    let pattern = Regex::new(pattern).expect("a pattern");
    let replaced = pattern.replace_all(text, |found: &Captures<'_>| {
        let next = known.len() as u64;
        let n = *known.entry(found[0].to_owned()).or_insert(next);
        example(n)
    });
    replaced.into_owned()
}
