//! A container on a terminal, with somebody typing.

use harness::terminal::{Terminal, on_terminal};
use harness::{Lab, eventually};

/// A shell that is not interactive, and waits for another program. That one speaks when the
/// shell is done with making it: a key that comes in the middle of a vfork(2) stops too much.
const JOB: &str = "sh -c 'echo runs; exec sleep 1000'; echo $?";

/// A shell of the host on a terminal, with a prompt of its own.
fn host_shell(lab: &Lab) -> Terminal {
    let shell = lab.program("lab");
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]).env("PS1", "host> ").env("LAB", harness::programs());
    bash.env("JOB", JOB).env("SCRIPT", "$LAB/lab run $CHAPTER --view none -- sh -c \"$JOB\"; true");
    bash.envs(shell.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let mut terminal = on_terminal(bash);
    terminal.expect("host> ");
    // The terminal of the test starts without echo; one of a person has it.
    terminal.send_line("stty echo");
    terminal.expect("host> ");
    terminal
}

// A line shows what is typed: so that its prompt is seen when it is there, and not before, a shell
// inside is given one that is spelt otherwise, in''side.

/// Ends the host's shell.
fn leave(mut terminal: Terminal) {
    terminal.send_line("exit");
    terminal.expect_end();
}

#[test]
fn ctrl_c_reaches_the_job_and_not_the_shell() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='in''side> ' -- sh");
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
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='in''side> ' -- sh");
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

#[test]
fn ctrl_z_stops_a_container_whose_first_process_cannot_be_stopped() {
    let Some(lab) = Lab::as_root() else { return };
    for run in ["chapter-02", "chapter-03", "chapter-03 --init"] {
        stop_and_continue(&lab, run);
    }
}

#[test]
fn ctrl_z_stops_a_container_among_the_processes_of_another_one() {
    let Some(lab) = Lab::as_root() else { return };
    let other = lab.start("chapter-03 --name c1", "");
    for run in ["--pid container:c1", "--pid container:c1 --init"] {
        stop_and_continue(&lab, &format!("chapter-10 --network none {run}"));
    }
    other.finish().ok();
}

fn stop_and_continue(lab: &Lab, run: &str) {
    let mut terminal = host_shell(lab);
    terminal.send_line(&format!("$LAB/lab run {run} --view none -- sh -c \"$JOB\""));
    terminal.expect("runs\r\n");
    terminal.send_control('z');
    terminal.expect("host> ");
    terminal.send_line("jobs");
    terminal.expect("Stopped");
    // In the background it goes on, and leaves the terminal to the shell.
    terminal.send_line("bg");
    terminal.expect("host> ");
    terminal.send_line("echo the shell has the terminal");
    terminal.expect("the shell has the terminal\r\n");
    terminal.expect("the shell has the terminal\r\n");
    terminal.send_line("fg; echo status=$?");
    terminal.expect("sh -c \"$JOB\"\r\n");
    // The shell names the job before it gives the terminal away.
    eventually("the job has the terminal", || terminal.foreground_name() != "bash");
    // The runtime learns by the first key that it is in the foreground again; or sooner,
    // if it comes only now to what `bg` has told it.
    if terminal.foreground_name() == "lab" {
        terminal.send_control('c');
        eventually("the container has the terminal", || terminal.foreground_name() != "lab");
    }
    terminal.send_control('c');
    terminal.expect("status=");
    terminal.expect("host> ");
    leave(terminal);
}

#[test]
fn ctrl_z_at_a_shells_prompt_inside_does_nothing() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    terminal.send_line("$LAB/lab run chapter-03 --view none -e PS1='in''side> ' -- sh");
    terminal.expect("inside> ");
    terminal.send_control('z');
    terminal.send_line("");
    terminal.expect("inside> ");
    terminal.send_line("echo still $((40 + 2))");
    terminal.expect("still 42\r\n");
    terminal.send_line("exit 3");
    terminal.expect("host> ");
    leave(terminal);
}

#[test]
fn ctrl_z_stops_the_script_that_runs_the_container_as_well() {
    let Some(lab) = Lab::as_root() else { return };
    let mut terminal = host_shell(&lab);
    for chapter in ["chapter-00", "chapter-03"] {
        terminal.send_line(&format!("CHAPTER={chapter} bash -c \"$SCRIPT\""));
        terminal.expect("runs\r\n");
        terminal.send_control('z');
        terminal.expect("host> ");
        terminal.send_line("fg");
        terminal.expect("bash -c \"$SCRIPT\"\r\n");
        eventually("the container has the terminal", || terminal.foreground_name() == "sh");
        terminal.send_control('c');
        terminal.expect("host> ");
    }
    leave(terminal);
}

#[test]
fn ctrl_z_without_a_shell_to_return_to_does_nothing() {
    let Some(lab) = Lab::as_root() else { return };
    for run in ["chapter-00", "chapter-03", "chapter-03 --init"] {
        let mut command = lab.program("lab");
        command.arg("run").args(run.split(' ')).args(["--view", "none", "--"]);
        // As in JOB: what is ended by the key says itself that it is there.
        let job = "echo runs; read line; LINE=$line sh -c 'echo said $LINE; exec sleep 1000'; true";
        command.args(["sh", "-c", job]);
        let mut terminal = on_terminal(command);
        terminal.expect("runs\r\n");
        terminal.send_control('z');
        terminal.send_line("hello");
        terminal.expect("said hello\r\n");
        terminal.send_control('c');
        terminal.expect_end();
    }
}
