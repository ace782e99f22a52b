//! SIGKILL, for which no program can prepare.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::host::Host;
use harness::skip;
use nix::sys::signal::Signal;

use super::fault::{Fault, Traced};
use super::moment::{Moment, Who};
use super::scene::{Scene, What};
use super::{sample, try_all};

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
    kill_everybody_everywhere(What::Run("chapter-07"), Host::new);
}

#[test]
fn whoever_is_killed_at_any_system_call_of_chapter_09_leaves_nothing() {
    kill_everybody_everywhere(What::Run("chapter-09"), Host::new);
}

#[test]
fn whoever_is_killed_in_an_ordinary_users_run_leaves_nothing() {
    kill_everybody_everywhere(What::Run("chapter-07"), Host::of_somebody);
}

#[test]
fn whoever_is_killed_while_somebody_comes_into_a_container_leaves_nothing() {
    kill_everybody_everywhere(What::Exec, Host::new);
}

#[test]
fn whoever_is_killed_while_a_container_joins_another_leaves_nothing() {
    kill_everybody_everywhere(What::Join, Host::new);
}

fn kill_everybody_everywhere(what: What, new_host: fn() -> Host) {
    if !skip::is_root() {
        return;
    }
    let new_scene = || Scene::new(what, new_host());
    let scene = new_scene();
    let whose = if scene.host.is_root() { "" } else { "an ordinary user's " };
    let whole = scene.run("exit 3", None);
    assert_eq!(whole.ran.code, 3, "{whole:?}");
    assert_eq!(scene.left(&scene.host.new_ids()), [""; 0], "nobody killed");
    let cases = sample(cases(&whole), 24);
    let tried = AtomicUsize::new(0);
    let leaks = try_all(&cases, new_scene, |scene, case| {
        let killed = scene.run("exit 3", Some((case.moment, case.fault)));
        // No two runs make exactly the same calls: the last ones may not come.
        killed.hit?;
        tried.fetch_add(1, Ordering::Relaxed);
        after(scene, *case, &killed).map(|what| format!("{case:?}: {what}\n{killed:?}"))
    });
    let tried = tried.into_inner();
    let _ = writeln!(
        std::io::stderr(),
        "kills tried: {tried}, leaks: {} ({whose}{}, {} system calls)",
        leaks.len(),
        what.name(),
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
fn after(scene: &Scene, case: Case, killed: &Traced) -> Option<String> {
    let host = &scene.host;
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
        scene.wait_for_the_rest();
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
    let left = scene.left(&ids);
    (!left.is_empty()).then(|| format!("left: {left:#?}"))
}
