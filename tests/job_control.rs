//! A container on a terminal, with somebody typing.

use harness::Lab;
use harness::terminal::on_terminal;

/// A shell of the host on a terminal, with a prompt of its own.
fn host_shell(lab: &Lab) -> rexpect::session::PtySession {
    let shell = lab.program("lab");
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]).env("PS1", "host> ").env("LAB", harness::programs());
    bash.envs(shell.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let mut terminal = on_terminal(bash);
    terminal.exp_string("host> ").expect("a prompt");
    // The terminal of the test starts without echo; one of a person has it.
    terminal.send_line("stty echo").unwrap();
    terminal.exp_string("host> ").expect("a prompt");
    terminal
}

/// Ends the host's shell: it ignores the SIGTERM with which a session is dropped.
fn leave(mut terminal: rexpect::session::PtySession) {
    terminal.send_line("exit").unwrap();
    terminal.exp_eof().expect("the shell ends");
}

#[test]
fn ctrl_c_reaches_the_job_and_not_the_shell() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='inside> ' -- sh").unwrap();
    terminal.exp_string("inside> ").expect("the container's prompt");
    // It says something once it is in the foreground; a key pressed sooner is the shell's.
    terminal.send_line("sh -c 'echo runs; exec sleep 1000'").unwrap();
    terminal.exp_string("runs\r\n").expect("the job");
    terminal.send_control('c').unwrap();
    terminal.exp_string("inside> ").expect("the shell goes on");
    terminal.send_line("exit 7").unwrap();
    terminal.exp_string("host> ").expect("the host's prompt");
    terminal.send_line("echo status=$?").unwrap();
    terminal.exp_string("status=7").expect("the container's status");
    leave(terminal);
}

#[test]
fn ctrl_z_stops_a_job_inside() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='inside> ' -- sh").unwrap();
    terminal.exp_string("inside> ").expect("the container's prompt");
    terminal.send_line("sh -c 'echo runs; exec cat'").unwrap();
    terminal.exp_string("runs\r\n").expect("the job");
    terminal.send_control('z').unwrap();
    terminal.exp_string("inside> ").expect("the job is stopped, the shell goes on");
    terminal.send_line("jobs").unwrap();
    terminal.exp_string("Stopped").expect("a stopped job");
    terminal.send_line("exit").unwrap();
    terminal.exp_string("You have stopped jobs").expect("the shell warns once");
    terminal.send_line("exit").unwrap();
    terminal.exp_string("host> ").expect("the host's prompt");
    leave(terminal);
}

#[test]
fn ctrl_z_stops_the_container_with_its_runtime_and_fg_continues_both() {
    let lab = Lab::new();
    let mut terminal = host_shell(&lab);
    let cat = "sh -c 'echo ready; exec cat'";
    terminal.send_line(&format!("$LAB/lab run chapter-00 --view none -- {cat}")).unwrap();
    terminal.exp_string("ready\r\n").expect("it runs");
    terminal.send_line("first line").unwrap();
    terminal.exp_string("first line\r\nfirst line").expect("cat repeats it");
    terminal.send_control('z').unwrap();
    terminal.exp_string("host> ").expect("the host's shell has the terminal back");
    terminal.send_line("fg").unwrap();
    terminal.exp_string("exec cat'\r\n").expect("the shell says what it continues");
    terminal.send_line("second line").unwrap();
    terminal.exp_regex("second line\r\n").expect("cat goes on");
    terminal.send_control('d').unwrap();
    terminal.exp_string("host> ").expect("the end");
    leave(terminal);
}

#[test]
fn the_terminal_is_restored_after_a_program_that_changed_it() {
    let lab = Lab::new();
    let mut terminal = host_shell(&lab);
    terminal
        .send_line("$LAB/lab run chapter-00 --view none -- sh -c 'stty raw -echo; exit'")
        .unwrap();
    terminal.exp_string("host> ").expect("the prompt");
    terminal.send_line("stty -a").unwrap();
    let settings = terminal.exp_string("host> ").expect("the settings");
    assert!(settings.contains(" icanon") && settings.contains(" echo "), "{settings}");
    leave(terminal);
}
