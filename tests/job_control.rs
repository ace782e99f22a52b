//! A container on a terminal, with somebody typing.

use harness::Lab;
use harness::terminal::{Terminal, on_terminal};

/// A shell of the host on a terminal, with a prompt of its own.
fn host_shell(lab: &Lab) -> Terminal {
    let shell = lab.program("lab");
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]).env("PS1", "host> ").env("LAB", harness::programs());
    bash.envs(shell.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let mut terminal = on_terminal(bash);
    terminal.expect("host> ");
    // The terminal of the test starts without echo; one of a person has it.
    terminal.send_line("stty echo");
    terminal.expect("host> ");
    terminal
}

/// Ends the host's shell.
fn leave(mut terminal: Terminal) {
    terminal.send_line("exit");
    terminal.expect_end();
}

#[test]
fn ctrl_c_reaches_the_job_and_not_the_shell() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='inside> ' -- sh");
    terminal.expect("inside> ");
    // It says something once it is in the foreground; a key pressed sooner is the shell's.
    terminal.send_line("sh -c 'echo runs; exec sleep 1000'");
    terminal.expect("runs\r\n");
    terminal.send_control('c');
    terminal.expect("inside> ");
    terminal.send_line("exit 7");
    terminal.expect("host> ");
    terminal.send_line("echo status=$?");
    terminal.expect("status=7");
    leave(terminal);
}

#[test]
fn ctrl_z_stops_a_job_inside() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='inside> ' -- sh");
    terminal.expect("inside> ");
    terminal.send_line("sh -c 'echo runs; exec cat'");
    terminal.expect("runs\r\n");
    terminal.send_control('z');
    terminal.expect("inside> ");
    terminal.send_line("jobs");
    terminal.expect("Stopped");
    terminal.send_line("exit");
    terminal.expect("You have stopped jobs");
    terminal.send_line("exit");
    terminal.expect("host> ");
    leave(terminal);
}

#[test]
fn ctrl_z_stops_the_container_with_its_runtime_and_fg_continues_both() {
    let lab = Lab::new();
    let mut terminal = host_shell(&lab);
    let cat = "sh -c 'echo ready; exec cat'";
    terminal.send_line(&format!("$LAB/lab run chapter-00 --view none -- {cat}"));
    terminal.expect("ready\r\n");
    terminal.send_line("first line");
    terminal.expect("first line\r\nfirst line");
    terminal.send_control('z');
    terminal.expect("host> ");
    terminal.send_line("fg");
    terminal.expect("exec cat'\r\n");
    terminal.send_line("second line");
    terminal.expect("second line\r\n");
    terminal.send_control('d');
    terminal.expect("host> ");
    leave(terminal);
}

#[test]
fn the_terminal_is_restored_after_a_program_that_changed_it() {
    let lab = Lab::new();
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-00 --view none -- sh -c 'stty raw -echo; exit'");
    terminal.expect("host> ");
    terminal.send_line("stty -a");
    let settings = terminal.expect("host> ");
    assert!(settings.contains(" icanon") && settings.contains(" echo "), "{settings}");
    leave(terminal);
}
