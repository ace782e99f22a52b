//! `lab run` itself: its help, its refusals, its streams and its summary.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use harness::terminal::on_terminal;
use harness::{Lab, assert_snapshot, eventually, kernel, scratch, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// `$ lab …`, what it answered and how it ended, as in a transcript.
fn transcript(lab: &Lab, args: &[&str]) -> String {
    let ran = lab.lab(args);
    format!("$ lab {}\n{}{}[{}]\n\n", args.join(" "), ran.stdout, ran.stderr, ran.code)
}

#[test]
fn the_help_is_grouped_by_chapter() {
    let lab = Lab::new();
    let all = lab.lab(["run", "--help"]).ok();
    let headings: Vec<_> = all.lines().filter(|line| line.starts_with("Chapter ")).collect();
    assert!(headings.len() >= 8 && headings.is_sorted(), "{headings:?}");
    assert_snapshot!("run_help_chapter_02", transcript(&lab, &["run", "chapter-02", "--help"]));
    // The same under another name, and at another place.
    let of_two = lab.lab(["run", "chapter-02", "--help"]).ok();
    assert_eq!(lab.lab(["run", "--help", "2"]).ok(), of_two);
    // Behind the command, it is the command's.
    let command = ["run", "chapter-00", "sh", "-c", "echo $1", "sh", "--help"];
    assert_eq!(lab.lab(command).ok(), "--help\n");
}

#[test]
fn a_wrong_command_line_is_answered_with_what_to_do() {
    let lab = Lab::new();
    let wrong: [&[&str]; 8] = [
        &["run"],
        &["run", "chapter-70"],
        &["run", "07", "--memroy", "1m"],
        &["run", "7", "-itd", "--", "sh", "-c", "echo hello"],
        &["run", "7", "—rm", "sh"],
        &["run", "chapter-03", "--memory", "64m", "--", "true"],
        &["run", "chapter-00", "--rootfs", "/srv", "--", "true"],
        &["run", "7", "--view", "everything"],
    ];
    let text: String = wrong.iter().map(|args| transcript(&lab, args)).collect();
    assert!(text.matches("[125]").count() == wrong.len(), "{text}");
    // Chapters come, and a list of them says so.
    let filters: &[(&str, &str)] = &[
        (r"\[possible values: chapter-00.*\]", "[possible values: chapter-00, …]"),
        (r"hint: \S+/lab ", "hint: lab "),
    ];
    assert_snapshot!("run_refusals", text, filters => filters);
}

#[test]
fn flags_may_stand_before_the_chapter_and_a_command_without_dashes() {
    let Some(lab) = Lab::as_root() else { return };
    assert_eq!(lab.lab(["run", "--network", "none", "chapter-07", "sh", "-c", "exit 3"]).code, 3);
    assert_eq!(
        lab.lab(["run", "chapter-07", "--network=none", "--", "sh", "-c", "exit 4"]).code,
        4
    );
    assert_eq!(lab.lab(["--color", "never", "run", "7", "--nothing"]).code, 125);
}

#[test]
fn every_chapter_has_dockers_exit_codes() {
    let Some(lab) = Lab::as_root() else { return };
    for chapter in 1..=7 {
        let chapter = chapter.to_string();
        let code = |command: &[&str]| lab.lab(["run", &chapter].iter().chain(command)).code;
        assert_eq!(code(&["--rootfs", "/no/such/dir", "true"]), 125, "{chapter}");
        assert_eq!(code(&["/etc/passwd"]), 126, "{chapter}");
        assert_eq!(code(&["no-such-command"]), 127, "{chapter}");
        assert_eq!(
            code(&["--init", "sh", "-c", "kill -TERM $$"][usize::from(chapter == "1")..]),
            143
        );
    }
}

#[test]
fn in_a_pipe_there_is_the_commands_own_output_and_no_more() {
    let Some(lab) = Lab::as_root() else { return };
    for chapter in
        ["0", "1", "2", "3", "4", "5 --network none", "6 --network none", "7 --network none"]
    {
        let ran = lab.sh(chapter, "echo out; echo err >&2; exit 5");
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str(), ran.code),
            ("out\n", "err\n", 5),
            "{chapter}"
        );
    }
}

#[test]
fn the_view_goes_to_stderr_so_that_stdout_can_be_piped() {
    let Some(lab) = Lab::as_root() else { return };
    for view in ["brief", "full"] {
        let ran = lab.sh(&format!("3 --view {view}"), "echo out");
        assert_eq!(ran.stdout, "out\n");
        assert!(ran.stderr.contains("container") && ran.stderr.contains("ended"), "{}", ran.stderr);
        // The view is of the moment before the first instruction.
        assert!(!ran.stderr.contains("\x1b"), "colours in a pipe: {}", ran.stderr);
    }
    // Nobody listens: that is no reason to fail.
    let mut child = lab
        .program("lab")
        .args(["run", "3", "--view", "full", "--", "sh", "-c", "echo out; exit 6"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lab starts");
    drop(child.stderr.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (b"out\n".as_slice(), Some(6)));
}

#[test]
fn the_summary_tells_how_it_ended_and_what_it_changed() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "echo > /root/new; echo >> /etc/profile; rm /etc/nsswitch.conf; exit 3";
    let ran = lab.sh("7 --network none --view brief", script);
    let (_, summary) = ran.stderr.split_once("\nended").expect("a summary");
    let filters: &[(&str, &str)] = &[
        (r"[\d.]+ ms", "<time>"),
        (r"[\d.]+ s\b", "<time>"),
        (r"memory [\d.]+ [KM]iB", "memory <size>"),
    ];
    assert_snapshot!("run_summary", format!("ended{summary}"), filters => filters);
}

#[test]
fn json_has_the_view_and_the_outcome() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("report.json");
    let ran = lab
        .program("lab")
        .args(["run", "7", "--network", "none", "--json"])
        .arg(&file)
        .args(["--", "sh", "-c", "echo > /root/new; exit 3"])
        .output()
        .expect("lab starts");
    assert_eq!((ran.status.code(), ran.stdout.len()), (Some(3), 0));
    let report: Value = serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(report["chapter"], "chapter-07-overlay");
    assert_eq!(report["view"]["hostname"]["container"]["hostname"], report["id"]);
    assert_eq!(report["view"]["processes"]["container"]["pid"], 1);
    assert_eq!(report["outcome"]["exit_code"], 3);
    assert_eq!(report["outcome"]["changes"], serde_json::json!(["C /root", "A /root/new"]));
    assert!(report["outcome"]["duration_usec"].as_u64() > Some(0));
    // A file that cannot be written is said before anything is made.
    let refused = lab.lab(["run", "0", "--json", "/no/such/dir/file", "echo", "hello"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (125, ""), "{}", refused.stderr);
}

#[test]
fn an_ordinary_user_needs_no_namespace_for_a_process() {
    if !skip::is_root() {
        return;
    }
    // Neither the programs nor our state directory need be in that user's reach.
    let dir = scratch::named("lab-user-");
    let program = dir.path().join("lab");
    harness::copy_program("lab", &program);
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("open to all");
    let state = dir.path().join("state");
    fs::create_dir(&state).expect("a directory");
    chown(&state, Some(65534), Some(65534)).expect("theirs");
    let run = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).uid(65534).gid(65534).current_dir("/").stdin(Stdio::null());
        let command =
            command.env("LAB_STATE_DIR", &state).env("LAB_CACHE_DIR", state.join("cache"));
        let output = command.output().expect("lab starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    };
    assert_eq!(run(&["run", "chapter-00", "id", "-u"]), (Some(0), "65534\n".to_owned()));
    assert_eq!(run(&["view", "--pid", "1"]).0, Some(125));
    assert_eq!(run(&["clean"]), (Some(0), "nothing to clean\n".to_owned()));
}

#[test]
fn on_a_terminal_the_view_comes_first_then_the_shell_then_the_summary() {
    let Some(lab) = Lab::as_root() else { return };
    let mut run = lab.program("lab");
    run.args(["run", "chapter-03", "-e", "PS1=inside> ", "--", "sh"]).env("TERM", "xterm");
    let mut terminal = on_terminal(run);
    terminal.expect("chapter-03-mount-ns");
    terminal.expect("namespaces");
    let rest = terminal.expect("inside> ");
    assert!(rest.contains("\x1b[32mown\x1b[0m"), "in colour: {rest:?}");
    assert!(!rest.contains("note:"), "a shell handles Ctrl-C: {rest}");
    terminal.send_line("exit 3");
    terminal.expect("ended");
    terminal.expect("exit code 3");
    terminal.expect_end();
}

#[test]
fn who_starts_a_pid_1_that_ignores_ctrl_c_is_told_the_way_out() {
    let Some(lab) = Lab::as_root() else { return };
    for (args, is_told) in [(["--read-only", "3"], true), (["3", "--init"], false)] {
        let mut run = lab.program("lab");
        run.arg("run").args(args).args(["--", "cat", "/etc/os-release"]).env("TERM", "dumb");
        let mut terminal = on_terminal(run);
        let seen = terminal.expect("ended");
        assert_eq!(seen.contains("note: PID 1 may ignore Ctrl-C"), is_told, "{seen}");
        assert!(!seen.contains('\x1b'), "colours on a dumb terminal: {seen:?}");
        terminal.expect_end();
    }
}

/// `lab run chapter-04` on a root whose /etc never answers: a file system in user space,
/// whose server is nobody. The child waits for it before it is ready.
fn hanging_start(lab: &Lab) -> Command {
    let root = lab.state_dir().join("root");
    for name in ["etc", "proc", "sys", "dev"] {
        fs::create_dir_all(root.join(name)).expect("a directory");
    }
    let script = "exec 9<>/dev/fuse; options=fd=9,rootmode=40000,user_id=0,group_id=0; \
         mount -i -t fuse -o $options fuse \"$1/etc\" || exit 1; \
         echo $$ starts; exec \"$2\" run chapter-04 --rootfs \"$1\" --view none -- true";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "bash", "-c", script, "bash"]);
    command.arg(root).arg(harness::programs().join("lab"));
    let lab = lab.program("lab");
    command.envs(lab.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Whether [`hanging_start`] can be had here; if not, says that the test is skipped.
fn can_hang() -> bool {
    let has_fuse = fs::metadata("/dev/fuse").is_ok_and(|file| file.file_type().is_char_device());
    if !has_fuse {
        skip::skip("needs /dev/fuse");
    }
    skip::is_root() && has_fuse
}

/// Waits until a process has a child that is on its way to become a container.
fn wait_until_held_up(runtime: i32) {
    eventually("the child waits", || {
        kernel::child_of(runtime).is_some_and(|child| {
            fs::read_to_string(format!("/proc/{child}/wchan")).unwrap_or_default().contains("fuse")
        })
    });
}

#[test]
fn a_start_that_hangs_is_ended_by_a_signal() {
    if !can_hang() {
        return;
    }
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let lab = Lab::new();
        let mut start = hanging_start(&lab);
        let started = start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let runtime = started.id().cast_signed();
        wait_until_held_up(runtime);
        let child = kernel::child_of(runtime).expect("a child");
        kill(Pid::from_raw(runtime), signal).expect("it runs");
        let ran = harness::ran(started.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, 128 + signal as i32);
        assert_eq!(ran.stderr, format!("error: {signal} came before the container had started\n"));
        assert!(!kernel::is_alive(child));
        // The record is gone as well, says the end of `lab`.
    }
}

#[test]
fn a_start_that_hangs_is_ended_by_ctrl_c() {
    if !can_hang() {
        return;
    }
    let lab = Lab::new();
    let mut terminal = on_terminal(hanging_start(&lab));
    let runtime = terminal.expect(" starts");
    wait_until_held_up(runtime.trim().parse().expect("its number"));
    terminal.send_control('c');
    terminal.expect("SIGINT came before the container had started");
    terminal.expect_end();
}
