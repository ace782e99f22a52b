//! The tracer: what it tells of a program, and what it does to one.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use harness::skip;
use nix::errno::Errno;
use nix::unistd::Pid;
use tracer::{Event, Tracer};

/// A shell on this host with a script to run.
fn sh(script: &str) -> Tracer {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Tracer::start(command).expect("it starts")
}

/// Follows it to its end, with something done at each event.
fn follow(mut tracer: Tracer, mut act: impl FnMut(&mut Tracer, Event)) -> Vec<(Pid, Event)> {
    let mut events = Vec::new();
    while let Some((pid, event)) = tracer.next_event().expect("waitpid") {
        act(&mut tracer, event);
        events.push((pid, event));
    }
    events
}

#[test]
fn each_call_is_told_with_its_arguments_and_its_result() {
    let tracer = sh("umask 027; umask 031; exit 3");
    let first = tracer.first();
    let events = follow(tracer, |_, _| {});
    assert!(events.iter().all(|(pid, _)| *pid == first), "{events:?}");
    assert_eq!(events.last(), Some(&(first, Event::Exited(3))));
    let at = events.iter().position(|(_, event)| {
        matches!(event, Event::Entered(call)
            if call.number == libc::SYS_umask && call.arguments[0] == 0o31)
    });
    let after = events[at.expect("the second umask") + 1].1;
    assert_eq!(after, Event::Left { result: 0o27 }, "the mask before");
}

#[test]
fn a_child_is_told_of_before_its_calls_and_ends_before_its_parent() {
    // A subshell each: the shell forks for it. Often, as two processes race.
    let tracer = sh("for i in 1 2 3 4 5 6 7 8 9 10; do (umask 027; umask); done > /dev/null");
    let first = tracer.first();
    let mut known = vec![first];
    let events = follow(tracer, |_, _| {});
    for (pid, event) in &events {
        assert!(known.contains(pid), "{pid}: {event:?} before it is told of");
        if let Event::Forked { child } = event {
            known.push(*child);
        }
    }
    assert_eq!(known.len(), 11, "ten children");
    for child in known {
        assert!(events.contains(&(child, Event::Exited(0))), "{child} has ended");
    }
}

#[test]
fn who_is_let_go_runs_on_untold() {
    let tracer = sh("(exec sh -c 'exit 5'); exit $(($? + 1))");
    let first = tracer.first();
    let mut untold = false;
    let events = follow(tracer, |tracer, event| {
        if event == Event::Executed {
            tracer.let_go();
            untold = true;
        }
    });
    assert!(untold, "the child has executed");
    assert!(!events.iter().any(|(pid, event)| *pid != first && matches!(event, Event::Exited(_))));
    assert_eq!(events.last(), Some(&(first, Event::Exited(6))));
}

#[test]
fn a_thread_runs_on_untold() {
    // Each test runs in a thread of its own.
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let other = "tracer::each_call_is_told_with_its_arguments_and_its_result";
    command.args(["--exact", other, "--test-threads", "2"]).stdout(Stdio::null());
    let tracer = Tracer::start(command).expect("it starts");
    let first = tracer.first();
    let events = follow(tracer, |_, _| {});
    let is_clone = |number| [libc::SYS_clone, libc::SYS_clone3].contains(&number);
    let has_cloned = |event| matches!(event, Event::Entered(call) if is_clone(call.number));
    assert!(events.iter().any(|(_, event)| has_cloned(*event)), "{events:?}");
    assert!(events.iter().all(|(pid, _)| *pid == first), "{events:?}");
    assert_eq!(events.last(), Some(&(first, Event::Exited(0))));
}

#[test]
fn a_refused_call_is_not_made_and_an_answered_one_is() {
    if !tracer::CAN_CHANGE_CALLS {
        return skip::skip("no way known to change a system call on this processor");
    }
    for (name, is_made) in [("refused", false), ("answered", true)] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mode = || file.path().metadata().unwrap().permissions().mode() & 0o777;
        let tracer = sh(&format!("exec chmod 640 {} 2> /dev/null", file.path().display()));
        let is_chmod =
            |event| matches!(event, Event::Entered(call) if call.number == libc::SYS_fchmodat);
        let events = follow(tracer, |tracer, event| {
            if is_chmod(event) && is_made {
                tracer.answer(Errno::ENOSPC);
            } else if is_chmod(event) {
                tracer.refuse(Errno::ENOSPC);
            }
        });
        let at = events.iter().position(|(_, event)| is_chmod(*event)).expect("a chmod");
        let result = -(Errno::ENOSPC as i64);
        assert_eq!(events[at + 1].1, Event::Left { result }, "{name}");
        assert_eq!(mode(), if is_made { 0o640 } else { 0o600 }, "{name}");
        // As chmod(1) itself has been told.
        assert!(matches!(events.last(), Some((_, Event::Exited(1)))), "{name}");
    }
}
