//! From the command line to the exit code: how a session begins and ends.

use std::io::Write;
use std::process::{Command, Stdio};

use harness::terminal::on_terminal;
use harness::{Lab, Ran, assert_snapshot, cgroup, eventually, kernel, ran};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{come_in, sh};

fn exec(lab: &Lab, args: &[&str]) -> Ran {
    lab.lab(["exec"].iter().chain(args))
}

#[test]
fn the_exit_code_is_the_commands_and_docker_s_where_there_is_none() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("09 --network none --name web", "");
    assert_eq!(sh(&lab, "web", "exit 7").code, 7);
    assert_eq!(sh(&lab, "web", "kill -9 $$").code, 137);
    assert_eq!(sh(&lab, "web", "kill -TERM $$").code, 143);
    let missing = exec(&lab, &["web", "no-such-command"]);
    assert_eq!(missing.code, 127);
    assert_snapshot!("exec_not_found", missing.stderr);
    assert_eq!(exec(&lab, &["web", "/etc/hostname"]).code, 126);
    assert_eq!(exec(&lab, &["-d", "web", "no-such-command"]).code, 127);
    // And the container is as usable as before.
    assert_eq!(exec(&lab, &["web", "--", "echo", "-n", "well"]).ok(), "well");
    container.finish();
    let gone = exec(&lab, &["web", "true"]);
    assert_eq!(gone.code, 1);
    assert_snapshot!("exec_no_such_container", gone.stderr);
}

#[test]
fn a_command_line_that_is_not_run_is_no_success() {
    let Some(lab) = Lab::as_root() else { return };
    for (args, code, words) in [
        (&["web"] as &[&str], 1, "no such container: web"),
        (&[], 125, "NAME"),
        (&["--frobnicate", "web", "true"], 125, "--frobnicate"),
        (&["--pid", "0", "true"], 125, "0"),
        (&["--pid", "4194304", "true"], 1, "there is no process 4194304"),
    ] {
        let ran = exec(&lab, args);
        assert!(ran.code == code && ran.stderr.contains(words), "{args:?}: {ran:?}");
    }
    let container = lab.start("02 --name web", "");
    let ran = exec(&lab, &["web"]);
    assert!(ran.code == 125 && ran.stderr.contains("no command to run"), "{ran:?}");
    let ran = exec(&lab, &["-it", "web", "true"]);
    assert_eq!((ran.code, &*ran.stderr), (1, "error: the input device is not a TTY\n"));
    container.finish();
}

#[test]
fn much_output_at_the_end_is_not_lost_and_input_arrives() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("07 --network none --name web", "");
    let ran = sh(&lab, "web", "head -c 1000000 /dev/zero | tr '\\0' x; exit 3");
    assert_eq!((ran.code, ran.stdout.len()), (3, 1_000_000));
    let mut client = lab.program("lab");
    client.args(["exec", "-i", "web", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut client = client.spawn().expect("lab starts");
    client.stdin.take().expect("a pipe").write_all(b"hello").expect("it is read");
    assert_eq!(super::ran(client.wait_with_output().expect("it ends")).ok(), "hello");
    container.finish();
}

#[test]
fn a_detached_command_lives_on_and_ends_with_the_container() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("09 --network none --name web", "");
    let script =
        "echo $PPID > /tmp/is-there; readlink /proc/self/fd/0 > /tmp/stdin; exec sleep 1000";
    let ran = exec(&lab, &["-d", "web", "sh", "-c", script]);
    assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (0, "", ""));
    eventually("it runs", || sh(&lab, "web", "cat /tmp/stdin").stdout == "/dev/null\n");
    let stays = lab.processes().into_iter().find(|pid| kernel_name(*pid) == "lab:exec");
    let stays = stays.expect("a process that stays");
    let command = kernel::child_of(stays).expect("the command");
    assert_eq!(kernel_name(command), "sleep");
    // It has a session of its own, and nothing of ours.
    let session = nix::unistd::getsid(Some(Pid::from_raw(stays))).expect("a session");
    assert_eq!(session.as_raw(), stays);
    container.finish();
    eventually("both end with the container", || {
        !kernel::is_alive(stays) && !kernel::is_alive(command)
    });
    // A process that nobody waits for would still be there.
    eventually("no zombie is left", || !std::path::Path::new(&format!("/proc/{command}")).exists());
}

fn kernel_name(pid: i32) -> String {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

#[test]
fn a_detached_command_that_ends_takes_its_process_along() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("02 --name web", "");
    assert_eq!(exec(&lab, &["-d", "web", "true"]).code, 0);
    eventually("nobody stays", || {
        lab.processes().iter().all(|pid| kernel_name(*pid) != "lab:exec")
    });
    container.finish();
}

#[test]
fn the_command_ends_with_its_client() {
    let Some(lab) = Lab::as_root() else { return };
    for options in ["02", "08 --network none", "09 --network none -u 1000"] {
        let container = lab.start(&format!("{options} --name web"), "");
        let guest = come_in(&lab, "web");
        let pid = guest.pid;
        kill(Pid::from_raw(guest.client()), Signal::SIGKILL).expect("our child");
        assert_eq!(guest.wait().code, -1);
        eventually("the command has ended", || !kernel::is_alive(pid));
        assert_eq!(container.finish().code, 0);
    }
}

#[test]
fn a_signal_to_the_client_is_the_commands() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("04 --name web", "");
    let guest = come_in(&lab, "web");
    kill(Pid::from_raw(guest.client()), Signal::SIGTERM).expect("our child");
    assert_eq!(guest.wait().code, 143);
    container.finish();
}

#[test]
fn a_container_that_ends_ends_what_has_come_in() {
    let Some(lab) = Lab::as_root() else { return };
    for options in ["02", "09 --network none"] {
        let container = lab.start(&format!("{options} --name web"), "");
        let guest = come_in(&lab, "web");
        container.finish();
        assert_eq!(guest.wait().code, 137, "{options}");
    }
}

#[test]
fn a_frozen_container_is_told_of() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("06 --network none --name web", "");
    let dirs = cgroup::dirs(&container.id());
    let files = ["cgroup.freeze", "freezer.state"];
    let mut freezers = dirs.iter().flat_map(|dir| files.map(|file| dir.join(file)));
    let Some(freezer) = freezers.find(|file| file.exists()) else {
        harness::skip::skip("needs a freezer");
        container.finish();
        return;
    };
    let is_v1 = freezer.ends_with("freezer.state");
    std::fs::write(&freezer, if is_v1 { "FROZEN" } else { "1" }).expect("a freezer");
    let frozen = |ran: &Ran| ran.stderr.contains("is paused, unpause it before exec");
    eventually("exec is told", || {
        // Before all stand still, it is not frozen yet.
        let mut client = Command::new("timeout");
        let lab = lab.program("lab");
        client.args(["-s", "KILL", "10"]).arg(lab.get_program());
        client.envs(lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let ran = ran(client.args(["exec", "web", "true"]).output().expect("lab starts"));
        frozen(&ran) && ran.code == 1
    });
    std::fs::write(&freezer, if is_v1 { "THAWED" } else { "0" }).expect("a freezer");
    assert_eq!(exec(&lab, &["web", "echo", "again"]).ok(), "again\n");
    container.finish();
}

#[test]
fn a_shell_that_comes_in_has_the_terminal() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("07 --network none --name web", "");
    let mut bash = Command::new("bash");
    let program = lab.program("lab");
    bash.args(["--norc", "--noprofile", "-i"])
        .env("PS1", "host> ")
        .env("LAB", program.get_program());
    bash.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let mut terminal = on_terminal(bash);
    terminal.expect("host> ");
    terminal.send_line("stty rows 33 cols 77; $LAB exec -it -e PS1='in''side> ' web sh");
    terminal.expect("inside> ");
    terminal.send_line("stty size");
    terminal.expect("33 77");
    terminal.expect("inside> ");
    // A key is the job's, and not the shell's or ours.
    terminal.send_line("sh -c 'echo runs; exec sleep 1000'");
    terminal.expect("runs\r\n");
    terminal.send_control('c');
    terminal.expect("inside> ");
    terminal.send_line("exit 7");
    terminal.expect("host> ");
    terminal.send_line("echo status=$?");
    terminal.expect("status=7");
    terminal.expect("host> ");
    // Ctrl-Z stops a command that has come in together with its client.
    terminal.send_line("$LAB exec -it web sh -c 'echo runs; exec cat'");
    terminal.expect("runs\r\n");
    terminal.send_control('z');
    terminal.expect("Stopped");
    terminal.expect("host> ");
    terminal.send_line("fg");
    terminal.expect("exec cat'\r\n");
    terminal.send_line("typed");
    terminal.expect("typed\r\n");
    terminal.send_control('d');
    terminal.expect("host> ");
    terminal.send_line("exit");
    terminal.expect_end();
    container.finish();
}
