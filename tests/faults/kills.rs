//! SIGKILL, for which no program can prepare.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::host::Host;
use harness::{eventually, skip};
use nix::sys::signal::Signal;

use super::fault::{Fault, Traced};
use super::moment::{Moment, Who};
use super::{run, sample, try_all};

/// Who removes what is left.
#[derive(Clone, Copy, Debug)]
enum Sweeper {
    Clean,
    NextRun,
}

/// One kill.
#[derive(Clone, Copy, Debug)]
struct Case {
    moment: Moment,
    fault: Fault,
    sweeper: Sweeper,
}

#[test]
fn whoever_is_killed_at_any_system_call_of_chapter_07_leaves_nothing() {
    kill_everybody_everywhere("chapter-07", Host::new);
}

#[test]
fn whoever_is_killed_at_any_system_call_of_chapter_09_leaves_nothing() {
    kill_everybody_everywhere("chapter-09", Host::new);
}

#[test]
fn whoever_is_killed_in_an_ordinary_users_run_leaves_nothing() {
    kill_everybody_everywhere("chapter-07", Host::of_somebody);
}

fn kill_everybody_everywhere(chapter: &str, new_host: fn() -> Host) {
    if !skip::is_root() {
        return;
    }
    let host = new_host();
    let whose = if host.is_root() { "" } else { "an ordinary user's " };
    let whole = run(&host, &host.everything(chapter), "exit 3", None);
    assert_eq!(whole.ran.code, 3, "{whole:?}");
    host.assert_clean(&host.new_ids(), "nobody killed");
    let cases = sample(cases(&whole), 24);
    let tried = AtomicUsize::new(0);
    let leaks = try_all(&cases, new_host, |host, case| {
        let killed =
            run(host, &host.everything(chapter), "exit 3", Some((case.moment, case.fault)));
        // No two runs make exactly the same calls: the last ones may not come.
        killed.hit?;
        tried.fetch_add(1, Ordering::Relaxed);
        after(host, *case, &killed).map(|what| format!("{case:?}: {what}\n{killed:?}"))
    });
    let tried = tried.into_inner();
    let _ = writeln!(
        std::io::stderr(),
        "kills tried: {tried}, leaks: {} ({whose}{chapter}, {} system calls)",
        leaks.len(),
        whole.calls.moments().len(),
    );
    assert_eq!(leaks.len(), 0, "see above");
    assert!(tried * 2 > cases.len(), "{tried} of {} moments came", cases.len());
}

/// Every kill that makes a difference: of the runtime, whoever is at work; of the first
/// process, while it is at work; of both at once; of the processes that hold a world.
fn cases(whole: &Traced) -> Vec<Case> {
    let mut cases = Vec::new();
    for moment in whole.calls.moments() {
        let faults: &[Fault] = match moment.who {
            Who::Runtime => &[Fault::KillRuntime, Fault::KillBoth],
            Who::Init => &[Fault::KillRuntime, Fault::KillInit, Fault::KillBoth],
            Who::World => &[Fault::KillRuntime, Fault::KillCaller],
            Who::Monitor => &[], // nothing is detached here
        };
        for &fault in faults {
            for sweeper in [Sweeper::Clean, Sweeper::NextRun] {
                cases.push(Case { moment, fault, sweeper });
            }
        }
    }
    cases
}

/// Cleans up, and tells what is left all the same.
fn after(host: &Host, case: Case, killed: &Traced) -> Option<String> {
    let ids = host.new_ids();
    if let Fault::KillInit = case.fault {
        // The runtime was there to clean up, and to say what has happened. Once it has
        // started the container, that is the container's own end: a status.
        let is_told = match killed.ran.code {
            125 => killed.ran.stderr.lines().any(|line| line.starts_with("error: ")),
            code => code == 128 + Signal::SIGKILL as i32,
        };
        if !is_told {
            return Some("it does not say that its container has died".to_owned());
        }
    } else {
        // All that it had begun dies with it, but not in the same instant.
        eventually("its other processes end", || host.lab.processes().is_empty());
        let ran = match case.sweeper {
            Sweeper::Clean => host.lab(&["clean"]),
            Sweeper::NextRun => {
                let args = ["run", "chapter-07", "--network", "none", "--", "echo", "it runs"];
                let ran = host.lab(&args);
                let is_note = |line: &str| line.contains("note: ");
                if ran.stdout != "it runs\n" || !ran.stderr.lines().all(is_note) {
                    return Some(format!("the next run: {ran:?}"));
                }
                ran
            }
        };
        if ran.code != 0 {
            return Some(format!("{ran:?}"));
        }
    }
    let left = host.left(&ids);
    (!left.is_empty()).then(|| format!("left: {left:#?}"))
}
