//! The smaller commands: chapters, compare, cgroups, clean, completions, man.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use harness::{Lab, assert_snapshot, ran};
use serde_json::Value;

#[test]
fn chapters_are_listed_with_what_each_adds() {
    let lab = Lab::new();
    let text = lab.lab(["chapters"]).ok();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // Later chapters are not this test's business.
    let is_known = |line: &&str| !line.starts_with("chapter-") || *line < "chapter-08";
    let known: Vec<_> = text.lines().filter(is_known).collect();
    assert_snapshot!("chapters", known.join("\n"));
}

#[test]
fn compare_puts_two_chapters_side_by_side() {
    let Some(lab) = Lab::as_root() else { return };
    let script =
        "echo both; hostname | tr -dc '[:print:]' > /dev/null; ls /proc | grep -c self; exit 3";
    let args = ["compare", "chapter-02", "chapter-03", "--", "sh", "-c", script];
    assert_snapshot!("compare", lab.lab(args).ok());
    let text = lab.lab(["compare", "3", "4", "--", "cat", "/proc/sys/kernel/hostname"]).ok();
    assert!(text.lines().nth(1).is_some_and(|line| line.starts_with('≠')), "{text}");
    let text = lab.lab(["compare", "0", "1", "no-such-command"]).ok();
    assert_eq!(text.matches("exit code 127").count(), 2, "{text}");
    let text = lab.lab(["compare", "0", "1", "--", "true"]).ok();
    assert_eq!(text.matches("no output, exit code 0").count(), 2, "{text}");
}

#[test]
fn compared_output_cannot_leave_its_column() {
    let lab = Lab::new();
    let script = r"printf '\033[2J\r\t箱 %0200d\n' 7";
    let text = lab.lab(["compare", "0", "0", "--", "sh", "-c", script]).ok();
    assert!(!text.contains(['\x1b', '\r', '\t']), "{text:?}");
    let wide = |line: &str| line.chars().map(|c| if c > '\u{2e80}' { 2 } else { 1 }).sum::<usize>();
    assert!(text.lines().all(|line| wide(line) <= 100), "{text}");
}

#[test]
fn cgroups_tells_what_proc_tells() {
    let lab = Lab::new();
    let us = std::process::id();
    let all: Value =
        serde_json::from_str(&lab.lab(["cgroups", "--json", &us.to_string()]).ok()).expect("JSON");
    let mut shown: Vec<String> = Vec::new();
    for tree in all["hierarchies"].as_array().expect("a list") {
        let names: Vec<_> = tree["controllers"]
            .as_array()
            .expect("names")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let names = if tree["version"] == "v1" { names.join(",") } else { String::new() };
        shown.push(format!("{names}:{}", tree["cgroup"].as_str().expect("a path")));
    }
    let proc = fs::read_to_string("/proc/self/cgroup").expect("our cgroups");
    let facts: Vec<_> =
        proc.lines().filter_map(|line| line.split_once(':')).map(|(_, rest)| rest).collect();
    for tree in &shown {
        assert!(facts.contains(&tree.as_str()), "{tree} is not in {facts:?}");
    }
    assert!(!shown.is_empty());
    // The table has the same, for people.
    let text = lab.lab(["cgroups", &us.to_string()]).ok();
    assert!(text.starts_with("CONTROLLERS") && text.contains("LIMITS"), "{text}");
    let missing = lab.lab(["cgroups", "4194304"]);
    assert_eq!(missing.code, 125);
    assert!(missing.stderr.contains("hint: is there a process 4194304?"), "{}", missing.stderr);
}

#[test]
fn clean_has_nothing_to_do_twice() {
    let lab = Lab::new();
    lab.lab(["clean"]).ok();
    assert_eq!(lab.lab(["clean"]).ok(), "nothing to clean\n");
}

#[test]
fn completions_are_scripts_that_a_shell_takes() {
    let lab = Lab::new();
    let script = lab.state_dir().join("completions");
    fs::write(&script, lab.lab(["completions", "bash"]).ok()).expect("a file");
    let bash = Command::new("bash").arg("-n").arg(&script).status().expect("bash starts");
    assert!(bash.success());
    assert!(lab.lab(["completions", "zsh"]).ok().contains("chapter-07"));
    assert!(lab.lab(["completions", "fish"]).ok().contains("-l memory"));
    assert_eq!(lab.lab(["completions", "cmd.exe"]).code, 2);
}

#[test]
fn every_command_has_a_page_in_the_manual() {
    let lab = Lab::new();
    let help = lab.lab(["--help"]).ok();
    let (commands, _) = help.split_once("\nOptions:\n").expect("options");
    // They are in groups, each below its heading.
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names.filter(|name| *name != "help").collect();
    assert!(names.len() >= 27, "{names:?}");
    assert!(lab.lab(["man"]).ok().contains(".TH lab 1"));
    for name in names {
        let page = lab.lab(["man", name]).ok();
        assert!(page.contains(&format!(".TH lab-{name} 1")), "{page}");
    }
    assert_eq!(lab.lab(["man", "nothing"]).code, 125);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let lab = Lab::new();
    let us = std::process::id().to_string();
    for args in [
        &["chapters"] as &[&str],
        &["man"],
        &["view", "--pid", &us],
        &["cgroups"],
        &["completions", "zsh"],
    ] {
        let mut child = lab
            .program("lab")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lab starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

/// A disk with no room left.
fn full() -> File {
    File::options().write(true).open("/dev/full").expect("a device of every host")
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let Some(lab) = Lab::as_root() else { return };
    let us = std::process::id().to_string();
    let copy = lab.state_dir().join("copy");
    let copy = copy.to_str().expect("a path");
    for args in [
        &["--help"] as &[&str],
        &["--version"],
        &["run", "--help"],
        &["run", "2", "--help"],
        &["chapters"],
        &["view", "--pid", &us],
        &["view", "--pid", &us, "--json"],
        &["compare", "0", "0", "true"],
        &["attack", "00", "--attack", "hostname"],
        &["attack", "00", "--attack", "hostname", "--json"],
        &["exercise", "init", copy],
        &["exercise", "list"],
        &["exercise", "next"],
        &["exercise", "hint"],
        &["grade", copy, "--exercise", "exit-status"],
        &["book", "--port", "0", "--no-open"],
        &["cgroups"],
        &["cgroups", "--json", &us],
        &["doctor"],
        &["doctor", "--json"],
        &["rootfs"],
        &["rootfs", "--json"],
        &["rootfs", "path"],
        &["clean"],
        &["completions", "bash"],
        &["man"],
        &["man", "run"],
    ] {
        let mut command = lab.program("lab");
        command.args(args).stdout(full()).env("LAB_BOOK_DIR", book(&lab));
        if fs::exists(copy).expect("ours") {
            command.current_dir(copy);
        }
        let ran = ran(command.output().expect("lab starts"));
        let last = ran.stderr.lines().last().unwrap_or_default();
        let expected = "error: write to standard output: no space left on device";
        assert_eq!((ran.code, last), (1, expected), "{args:?}: {}", ran.stderr);
    }
}

/// A book that is built already.
fn book(lab: &Lab) -> std::path::PathBuf {
    let book = lab.state_dir().join("book");
    fs::create_dir_all(book.join("book")).expect("a directory");
    for file in ["build.sh", "book/index.html"] {
        fs::write(book.join(file), "").expect("a file");
    }
    book
}

#[test]
fn nobody_who_reads_the_messages_is_needed() {
    let Some(lab) = Lab::as_root() else { return };
    let image = lab.image();
    let image = image.to_str().expect("a path");
    let root = ["--rootfs", image, "--network", "none", "-m", "16m", "--"];
    let fails = ["sh", "-c", "exit 3"];
    let eats = ["sh", "-c", "x=a; while :; do x=$x$x; done"];
    for (expected, program, args) in [
        (3, "lab", [&["run", "--view", "full", "7"] as &[&str], &root, &fails].concat()),
        (137, "lab", [&["run", "7"] as &[&str], &root, &eats].concat()),
        (125, "lab", vec!["run", "7", "--rootfs", "/nowhere", "true"]),
        (125, "lab", vec!["run", "99", "true"]),
        (2, "lab", vec!["no-such-command"]),
        (0, "lab", vec!["grade", "/"]),
        (3, "chapter-09-security", [&root as &[&str], &fails].concat()),
        (137, "chapter-08-user-ns", [&root as &[&str], &eats].concat()),
        (125, "chapter-05-net-ns", vec!["--rootfs", "/nowhere", "true"]),
        (127, "chapter-00-process", vec!["no-such-command"]),
    ] {
        // The reading end of the pipe is gone.
        let closed = std::io::pipe().expect("a pipe").1;
        for (place, stderr) in [("full", Stdio::from(full())), ("closed", Stdio::from(closed))] {
            let output = lab.program(program).args(&args).stderr(stderr).output();
            let code = ran(output.expect("it starts")).code;
            assert_eq!(code, expected, "stderr is {place}: {program} {args:?}");
        }
    }
}

#[test]
fn a_chapter_that_is_not_there_is_told_which_are() {
    let lab = Lab::new();
    let mut said = String::new();
    for args in ["run chapter-99 true", "run 14 true", "compare 3 chapter-44 true", "attack 011"] {
        let ran = lab.lab(args.split(' '));
        assert_eq!(ran.code, if args.starts_with("run") { 125 } else { 2 }, "{args}");
        said += &format!("$ lab {args}\n{}", ran.stderr);
    }
    assert_snapshot!("no_such_chapter", said);
    // A name is not: there may be one that is meant.
    let ran = lab.lab(["run", "chapter-overlay", "true"]);
    assert!(ran.stderr.contains("[possible values: chapter-00, "), "{}", ran.stderr);
}

#[test]
fn colours_are_there_when_they_are_wanted() {
    let lab = Lab::new();
    let coloured = |args: &[&str]| lab.lab(args.iter().chain(&["chapters"])).ok().contains('\x1b');
    assert!(!coloured(&[]), "in a pipe");
    assert!(coloured(&["--color", "always"]));
    assert!(!coloured(&["--color", "never"]));
    for (name, value, expected) in
        [("NO_COLOR", "1", false), ("TERM", "dumb", false), ("TERM", "xterm", true)]
    {
        let mut program = lab.program("lab");
        program.env("TERM", "xterm").env(name, value).arg("chapters");
        let mut terminal = harness::terminal::on_terminal(program);
        let text = terminal.expect_end();
        assert_eq!(text.contains('\x1b'), expected, "{name}={value}: {text:?}");
    }
}

#[test]
fn without_a_command_the_commands_are_listed() {
    let lab = Lab::new();
    let ran = lab.lab([] as [&str; 0]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("run ") && ran.stderr.contains("chapters "), "{}", ran.stderr);
    assert_eq!(lab.lab(["no-such-command"]).code, 2);
}
