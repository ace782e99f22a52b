//! Chapter 2: a process tree of its own, and what PID 1 owes it.

use std::fs;
use std::process::Command;

use harness::{Lab, eventually, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The host's numbers of a process's children.
fn children(pid: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let number = |pid: &str| pid.parse().expect("a number");
    children.unwrap_or_default().split_whitespace().map(number).collect()
}

#[test]
fn a_container_cannot_see_host_processes() {
    let Some(lab) = Lab::as_root() else { return };
    let us = std::process::id();
    assert_eq!(lab.sh("chapter-01", &format!("kill -0 {us}")).code, 0);
    assert_ne!(lab.sh("chapter-02", &format!("kill -0 {us}")).code, 0);
}

#[test]
fn there_is_no_proc_yet_and_the_network_is_shared() {
    let Some(lab) = Lab::as_root() else { return };
    assert_ne!(lab.sh("chapter-02", "test -e /proc/self").code, 0);
    let container = lab.start("chapter-02", "");
    let us = std::process::id().cast_signed();
    assert_eq!(kernel::namespace(container.pid, "net"), kernel::namespace(us, "net"));
    container.finish();
}

#[test]
fn pid_1_without_a_handler_ignores_signals_and_an_init_does_not() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-02", "echo ready; exec sleep 1000");
    let pid = Pid::from_raw(container.pid);
    // The first deadly signal decides the status: 9 tells that 15 was dropped.
    kill(pid, Signal::SIGTERM).expect("it runs");
    kill(pid, Signal::SIGKILL).expect("it runs");
    assert_eq!(container.wait().code, 128 + 9);

    let container = lab.start("chapter-02 --init", "echo ready; exec sleep 1000");
    kill(Pid::from_raw(container.runtime), Signal::SIGTERM).expect("it runs");
    assert_eq!(container.wait().code, 128 + 15);
}

#[test]
fn orphans_become_zombies_unless_an_init_reaps_them() {
    let Some(lab) = Lab::as_root() else { return };
    // The subshell ends at once, and its child is an orphan. Chapter 3, because a shell
    // gives /dev/null to what it puts in the background, and chapter 2 has none.
    let script = "(sleep 1000 &); echo ready; exec sleep 2000";
    let is_command =
        |pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap().starts_with(b"sleep\x002000");

    let container = lab.start("chapter-03", script);
    eventually("the shell is gone", || is_command(container.pid));
    let orphan = children(container.pid)[0];
    kill(Pid::from_raw(orphan), Signal::SIGKILL).expect("it runs");
    eventually("the orphan ends", || !kernel::is_alive(orphan));
    assert_eq!(children(container.pid), [orphan], "somebody reaped it");
    kill(Pid::from_raw(container.pid), Signal::SIGKILL).expect("it runs");
    container.wait();

    let container = lab.start("chapter-03 --init", script);
    let init = container.pid;
    eventually("the shell is gone", || children(init).into_iter().any(is_command));
    let orphan = children(init).into_iter().find(|pid| !is_command(*pid)).expect("an orphan");
    kill(Pid::from_raw(orphan), Signal::SIGKILL).expect("it runs");
    eventually("the orphan is reaped", || !children(init).contains(&orphan));
    kill(Pid::from_raw(container.runtime), Signal::SIGTERM).expect("it runs");
    container.wait();
}

#[test]
fn the_exit_code_passes_through_the_init() {
    let Some(lab) = Lab::as_root() else { return };
    assert_eq!(lab.sh("chapter-02 --init", "exit 42").code, 42);
    assert_eq!(lab.sh("chapter-02 --init", "kill -KILL $$").code, 128 + 9);
    assert_eq!(lab.sh("chapter-02 --init", "kill -34 $$").code, 128 + 34);
    // A real-time signal passes through the init, and one of its other children may die of one.
    let script = "sh -c 'kill -64 $$'; trap 'exit 42' 35; echo ready; while :; do sleep 0.02; done";
    let container = lab.start("chapter-03 --init", script);
    let sent = Command::new("sh").args(["-c", &format!("kill -35 {}", container.runtime)]).status();
    assert!(sent.expect("a shell").success());
    assert_eq!(container.wait().code, 42);
    assert_eq!(lab.lab(["run", "chapter-02", "--init", "no-such-command"]).code, 127);
}

#[test]
fn the_init_shows_nothing_of_the_hosts_environment() {
    let Some(lab) = Lab::as_root() else { return };
    let output = lab
        .program("lab")
        .env("SECRET", "of-the-host")
        .args(["run", "chapter-03", "--init", "--", "sh", "-c", "cat /proc/[0-9]*/environ"])
        .output()
        .expect("lab starts");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("PATH="), "nothing was read");
    assert!(!text.contains("SECRET"), "the container read the runtime's environment");
}

#[test]
fn all_processes_end_with_pid_1() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-03", "sleep 1000 & sleep 1000 &");
    let children = children(container.pid);
    assert_eq!(children.len(), 2);
    container.finish();
    assert!(!children.into_iter().any(kernel::is_alive));
}
