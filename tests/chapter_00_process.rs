//! Chapter 0: a process with nothing of its own but its surroundings.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, Command, Stdio};

use harness::{Lab, Ran, eventually, kernel};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[test]
fn the_exit_code_is_the_commands_own() {
    let lab = Lab::new();
    assert_eq!(lab.sh("chapter-00", "exit 0").code, 0);
    assert_eq!(lab.sh("chapter-00", "exit 42").code, 42);
    assert_eq!(lab.sh("chapter-00", "kill -KILL $$").code, 128 + 9);
    assert_eq!(lab.sh("chapter-00", "kill -TERM $$").code, 128 + 15);
    // The real-time signals have no names, and are deadly as well.
    for number in [34, 50, 64] {
        let ran = lab.sh("chapter-00 --view brief", &format!("kill -{number} $$"));
        assert_eq!(ran.code, 128 + number, "{ran:?}");
    }
}

#[test]
fn a_command_that_cannot_run_has_dockers_exit_codes() {
    let lab = Lab::new();
    assert_eq!(lab.lab(["run", "chapter-00", "no-such-command"]).code, 127);
    assert_eq!(lab.lab(["run", "chapter-00", "/no/such/command"]).code, 127);
    assert_eq!(lab.lab(["run", "chapter-00", "/etc"]).code, 126);
    assert_eq!(lab.lab(["run", "chapter-00", "/etc/passwd"]).code, 126);
    assert_eq!(lab.lab(["run", "chapter-00", "--workdir", "/no/such", "true"]).code, 125);
    assert_eq!(lab.lab(["run", "chapter-00", "--no-such-flag", "true"]).code, 125);
    assert_eq!(lab.lab(["run", "chapter-99", "true"]).code, 125);
}

#[test]
fn the_environment_is_clean() {
    let lab = Lab::new();
    let output = lab
        .program("lab")
        .env("SECRET", "of the host")
        .args(["run", "chapter-00", "env"])
        .output()
        .expect("lab starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<_> = text.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "HOSTNAME", "PATH"]);
}

#[test]
fn variables_come_from_options_and_files_the_later_one_winning() {
    let lab = Lab::new();
    let file = lab.state_dir().join("variables");
    fs::write(&file, "# a comment\n\nONE=file\nTWO=file=file\nPASSED\n").expect("a file");
    let output = lab
        .program("lab")
        .env("PASSED", "of the host")
        .args(["run", "chapter-00", "-e", "ONE=option", "-e", "NOT_SET_ANYWHERE", "--env-file"])
        .arg(&file)
        .args(["--", "sh", "-c", "echo $ONE,$TWO,$PASSED,${NOT_SET_ANYWHERE-unset}"])
        .output()
        .expect("lab starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "option,file=file,of the host,unset\n");
}

#[test]
fn a_file_of_variables_may_come_from_another_system() {
    let lab = Lab::new();
    let file = lab.state_dir().join("variables");
    let ran = |text: &[u8], script: &str| {
        fs::write(&file, text).expect("a file");
        lab.sh(&format!("chapter-00 --view none --env-file {}", file.display()), script)
    };
    let text =
        b"\xef\xbb\xbfFIRST=1\r\n# a comment\r\n\r\n  LAST= 2 \r\nBYTES=\xe9\r\nINNER=a\rb\n";
    let script = "echo \"$FIRST,$LAST,$BYTES,$INNER,\" | od -An -c | tr -d ' \\n'";
    assert_eq!(ran(text, script).ok(), "1,2,351,a\\rb,\\n");
    assert_eq!(ran(text, "echo \"[$LAST]\"").ok(), "[ 2 ]\n");
    for (text, line) in [
        (&b"A=1\nA B=c\n"[..], 2),
        (b"KEY =x\n", 1),
        (b"\nA\tB\n", 2),
        (b"A=1\r\n\r\n=value\r\n", 3),
        (b"A=\0\n", 1),
    ] {
        let ran = ran(text, "env");
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{ran:?}");
        assert!(ran.stderr.contains(&format!(": line {line}: ")), "{}", ran.stderr);
    }
    // A pipe is as good as a file, and one without an end is not.
    let piped = "echo PIPED=yes | exec \"$0\" run 0 --env-file /dev/stdin -- sh -c 'echo $PIPED'";
    let mut shell = Command::new("sh");
    shell.args(["-c", piped]).arg(harness::programs().join("lab"));
    shell.envs(lab.program("lab").get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_eq!(harness::ran(shell.output().expect("a shell")).ok(), "yes\n");
    let ran = lab.sh("chapter-00 --env-file /dev/zero", "true");
    assert!(ran.code == 125 && ran.stderr.contains("larger than 8 MiB"), "{ran:?}");
}

#[test]
fn an_error_of_any_length_is_told_in_full() {
    let lab = Lab::new();
    for length in [4_000, 5_000, 100_000] {
        let long = format!("/{}", "x".repeat(length));
        let ran = lab.lab(["run", "chapter-00", "--view", "none", "-w", &long, "true"]);
        let said = format!("error: change to the working directory {long}: file name too long\n");
        assert!((ran.code, &ran.stderr) == (125, &said), "{length}: {}", ran.stderr);
        let ran = lab.lab(["run", "chapter-00", "--view", "none", "--", &long]);
        let said = format!("error: exec {long}: file name too long\n");
        assert!((ran.code, &ran.stderr) == (126, &said), "{length}: {}", ran.stderr);
    }
}

#[test]
fn the_callers_umask_is_neither_the_containers_nor_that_of_the_records() {
    for umask in ["000", "077", "777"] {
        let lab = Lab::new();
        let state = lab.state_dir().join("new/state");
        // What is told of the record was made before the container could run.
        let files = "{0} {0}/containers {0}/containers/* {0}/containers/*/container.json";
        let look = format!("umask; stat -c %a {}", files.replace("{0}", state.to_str().unwrap()));
        let mut shell = Command::new("sh");
        let script =
            format!("umask {umask}; exec \"$0\" run chapter-00 --view none -- sh -c '{look}'");
        shell.args(["-c", &script]).arg(harness::programs().join("lab"));
        shell.envs(lab.program("lab").get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("LAB_STATE_DIR", &state);
        let ran = harness::ran(shell.output().expect("a shell"));
        // A mask can take away from what a mode grants, and nothing else is at 777.
        if umask == "777" && !harness::skip::is_root() {
            continue;
        }
        let expected =
            if umask == "777" { "0022\n0\n0\n0\n0\n" } else { "0022\n700\n700\n700\n600\n" };
        assert_eq!(ran.ok(), expected, "{umask}");
    }
}

#[test]
fn a_name_is_one_containers_however_many_ask_for_it_at_once() {
    let lab = Lab::new();
    for _ in 0..3 {
        let start = || {
            let mut run = lab.program("lab");
            run.args(["run", "chapter-00", "--view", "none", "--name", "one", "--"]);
            run.args(["sh", "-c", "echo runs; read line"]);
            run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            run.spawn().expect("lab starts")
        };
        let mut all: Vec<_> = (0..6).map(|_| start()).collect();
        eventually("all but one end", || {
            let runs = |run: &mut Child| run.try_wait().expect("it is ours").is_none();
            all.iter_mut().map(runs).filter(|runs| *runs).count() <= 1
        });
        let ran: Vec<_> = all
            .into_iter()
            .map(|run| harness::ran(run.wait_with_output().expect("it ends")))
            .collect();
        let refused = |ran: &&Ran| {
            ran.code == 125 && ran.stderr.starts_with("error: the name one is in use by container ")
        };
        assert_eq!(ran.iter().filter(refused).count(), 5, "{ran:?}");
        assert_eq!(ran.iter().filter(|ran| ran.stdout == "runs\n").count(), 1, "{ran:?}");
    }
}

#[test]
fn the_working_directory_and_the_user_are_as_asked() {
    let lab = Lab::new();
    assert_eq!(lab.sh("chapter-00 -w /usr", "pwd").ok(), "/usr\n");
    if !harness::skip::is_root() {
        return;
    }
    let ids = "id -u; id -g; id -G; echo $HOME";
    assert_eq!(lab.sh("chapter-00 -u 1234:5678", ids).ok(), "1234\n5678\n5678\n/\n");
    assert_eq!(lab.sh("chapter-00 -u root", ids).ok(), "0\n0\n0\n/root\n");
    let unknown = lab.sh("chapter-00 -u nobody-of-that-name", "true");
    assert_eq!(unknown.code, 125);
    assert!(unknown.stderr.contains("unable to find user nobody-of-that-name"));
}

#[test]
fn no_open_descriptor_is_inherited() {
    let lab = Lab::new();
    let file = File::open("/etc/passwd").expect("a file");
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).expect("it is inherited from now on");
    // The listing itself needs one descriptor, the next free one.
    let listed = lab.sh("chapter-00", "ls /proc/self/fd").ok();
    assert_eq!(listed.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[test]
fn signals_are_forwarded() {
    let lab = Lab::new();
    let named = [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGWINCH,
        Signal::SIGALRM,
        Signal::SIGVTALRM,
        Signal::SIGIO,
        Signal::SIGPWR,
        Signal::SIGABRT,
    ];
    for number in named.map(|signal| signal as i32).into_iter().chain([34, 35, 64]) {
        let script = format!("trap 'exit 42' {number}; echo ready; while :; do sleep 0.02; done");
        let container = lab.start("chapter-00", &script);
        send(container.runtime, number);
        assert_eq!(container.wait().code, 42, "{number}");
    }
}

/// Sends a signal that need not have a name.
fn send(pid: i32, number: i32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{number} {pid}")]).status();
    assert!(sent.expect("a shell").success());
}

#[test]
fn what_a_terminal_sends_stays_ignored_and_all_else_does_not() {
    let lab = Lab::new();
    // A signal that the shell ignores is ignored by lab when it starts.
    let ran = |ignored: &str, signal: &str| {
        let script = format!("trap '' {ignored}; exec \"$@\"");
        let command = format!("kill -{signal} $$; echo lives on");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(harness::programs().join("lab"));
        shell.args(["run", "chapter-00", "--", "sh", "-c", &command]);
        let program = lab.program("lab");
        shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        harness::ran(shell.output().expect("a shell"))
    };
    for signal in ["HUP", "INT", "QUIT"] {
        assert_eq!(ran(signal, signal).ok(), "lives on\n", "{signal}");
    }
    // A process that ignores SIGCHLD is not told of the end of a child.
    for signal in ["TERM", "USR1", "ALRM", "PIPE"] {
        assert!(ran(&format!("{signal} CHLD"), signal).code > 128, "{signal}");
    }
}

/// The signals that a program ignores which a test starts: SigIgn of proc_pid_status(5).
#[test]
fn programs_begin_with_signals_as_they_are_by_default() {
    let lab = Lab::new();
    let ignored = lab.sh("0", "grep SigIgn /proc/$PPID/status").ok();
    let mask = ignored.split_whitespace().nth(1).expect("a number");
    let mask = u64::from_str_radix(mask, 16).expect("a number");
    // Rust's own, and the two of the C library, which nobody else can set: signal(7).
    let of_others = [libc::SIGPIPE, 32, 33].map(|signal| 1 << (signal - 1)).iter().sum::<u64>();
    assert_eq!(mask & !of_others, 0, "{ignored}");
}

#[test]
fn so_they_do_if_the_tests_are_started_by_nohup_or_in_the_background() {
    let tests = std::env::current_exe().expect("our own path");
    let name = "chapter_00_process::programs_begin_with_signals_as_they_are_by_default";
    let script = "trap '' HUP INT QUIT TSTP USR1 CHLD; exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(tests).args(["--exact", name]);
    let text = harness::ran(shell.output().expect("a shell")).ok();
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn a_container_started_by_nohup_survives_the_end_of_its_terminal() {
    let lab = Lab::new();
    let script = "echo ready; while :; do sleep 0.02; done";
    let program = lab.program("lab");
    let mut nohup = Command::new("nohup");
    nohup.arg(harness::programs().join("lab"));
    nohup.args(["run", "chapter-00", "--", "sh", "-c", script]);
    nohup.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    nohup.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut runtime = nohup.spawn().expect("nohup starts");
    kernel::read_until(runtime.stdout.as_mut().expect("a pipe"), "ready\n").expect("it runs");
    let pid = runtime.id().cast_signed();
    send(pid, libc::SIGHUP);
    send(pid, libc::SIGTERM);
    // The first deadly signal decides.
    assert_eq!(runtime.wait().expect("it ends").code(), Some(128 + libc::SIGTERM));
}

#[test]
fn the_runtime_takes_its_container_along_when_it_is_killed() {
    let lab = Lab::new();
    let container = lab.start("chapter-00", "");
    let pid = container.pid;
    kill(Pid::from_raw(container.runtime), Signal::SIGKILL).expect("it runs");
    eventually("the container ends", || !kernel::is_alive(pid));
    drop(container);
    assert!(lab.lab(["clean"]).ok().contains("removed record of"));
    assert_eq!(lab.lab(["clean"]).ok(), "nothing to clean\n");
}

#[test]
fn standard_input_and_output_are_passed_through() {
    let lab = Lab::new();
    let mut child = lab
        .program("lab")
        .args(["run", "chapter-00", "cat"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("lab starts");
    let data = vec![b'x'; 1 << 20];
    let mut stdin = child.stdin.take().expect("a pipe");
    let expected = data.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&data));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("all is written");
    assert_eq!(output.stdout.len(), expected.len());
    assert!(output.stdout == expected, "the bytes differ");
}
