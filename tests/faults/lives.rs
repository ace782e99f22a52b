//! A detached container, while it is launched and while its monitor watches over it: whatever
//! goes wrong, none is said to run for ever, and each can be started again or removed.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::host::Host;
use harness::{Ran, eventually, ran, skip};
use nix::errno::Errno;

use super::errors::names_a_step;
use super::fault::{Fault, Traced, run_detached};
use super::moment::{Moment, Who};
use super::{sample, try_all};

/// Not allowed, no room, no memory, interrupted.
const ERRORS: [Errno; 4] = [Errno::EPERM, Errno::ENOSPC, Errno::ENOMEM, Errno::EINTR];

/// One thing that goes wrong.
type Case = (Moment, Fault);

#[test]
fn whoever_is_killed_leaves_a_detached_container_that_is_started_and_removed() {
    go_wrong_everywhere("kills", 24, |moment| {
        let mut faults = vec![Fault::KillRuntime, Fault::KillMonitor];
        faults.extend((moment.who == Who::Init).then_some(Fault::KillInit));
        faults
    });
}

#[test]
fn whatever_fails_leaves_a_detached_container_that_is_started_and_removed() {
    if !tracer::CAN_CHANGE_CALLS {
        return skip::skip("no way known to let a system call fail on this processor");
    }
    go_wrong_everywhere("errors", 32, |_| ERRORS.map(Fault::Fail).to_vec());
}

fn go_wrong_everywhere(what: &str, count: usize, faults: fn(Moment) -> Vec<Fault>) {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let whole = launch(&host, None);
    assert_eq!(whole.ran.code, 0, "{whole:?}");
    let ids = host.new_ids();
    assert_eq!(after(&host, &whole, &ids), None, "nothing went wrong");
    let moments = whole.calls.moments();
    let of = |who| moments.iter().filter(|moment| moment.who == who).count();
    assert!([Who::Runtime, Who::Monitor, Who::Init].into_iter().all(|who| of(who) > 20));
    let cases = moments.iter().flat_map(|&at| faults(at).into_iter().map(move |fault| (at, fault)));
    let cases = sample(cases.collect::<Vec<Case>>(), count);
    let tried = AtomicUsize::new(0);
    let wrong = try_all(&cases, Host::new, |host, &(moment, fault)| {
        let traced = launch(host, Some((moment, fault)));
        let (told, left) = (judge(&traced, fault), after(host, &traced, &host.new_ids()));
        if left.is_some() {
            docker(host, "rm -f web"); // Every later run would be blamed for it.
        }
        // No two runs make exactly the same calls: the last ones may not come.
        let number = traced.hit?;
        tried.fetch_add(1, Ordering::Relaxed);
        let what = told.or(left);
        what.map(|what| format!("{moment:?} (call {number}) {fault:?}: {what}\n{:?}", traced.ran))
    });
    let _ = writeln!(
        std::io::stderr(),
        "{what} of detached containers tried: {}, wrong: {} ({} system calls)",
        tried.into_inner(),
        wrong.len(),
        moments.len(),
    );
    assert_eq!(wrong.len(), 0, "see above");
}

/// Makes a container that ends by itself, and follows it all the way.
fn launch(host: &Host, fault: Option<Case>) -> Traced {
    let mut run = host.lab.program("chapter-11-lifecycle");
    run.args(["run", "-d", "--name", "web"]).args(host.everything("").split_whitespace());
    run.args(["--", "sh", "-c", "exit 3"]);
    host.net.inside(|| run_detached(run, fault))
}

/// Runs the chapter's program in this host's network.
fn docker(host: &Host, args: &str) -> Ran {
    let mut program = host.lab.program("chapter-11-lifecycle");
    program.args(args.split_whitespace());
    host.net.inside(|| ran(program.output().expect("it starts")))
}

/// What is wrong about what was told.
fn judge(traced: &Traced, fault: Fault) -> Option<String> {
    let Ran { stdout, stderr, code } = &traced.ran;
    if !traced.is_in_time {
        return Some("it hangs".to_owned());
    }
    if traced.has_monitor_panicked || stderr.contains("panicked") {
        return Some("it panics".to_owned());
    }
    let error = stderr.lines().find_map(|line| line.strip_prefix("error: "));
    match (fault, code, error) {
        // Whoever is killed tells nothing.
        (Fault::KillRuntime, -1, _) => None,
        (_, 0, None) if stdout.trim().len() == 64 => None,
        (Fault::Fail(_), 125 | 126, Some(error)) if names_a_step(error) => None,
        (Fault::KillMonitor | Fault::KillInit, 125, Some(_)) => None,
        _ => Some("it does not say what has happened".to_owned()),
    }
}

/// Looks at what there is, starts it, and removes it; what is wrong about that.
fn after(host: &Host, traced: &Traced, ids: &[String]) -> Option<String> {
    eventually("its processes end", || host.lab.processes().is_empty());
    let there = docker(host, "ps -a").ok();
    let is_there = there.lines().count() > 1;
    let has_ended = ["Created", "Exited (3)", "Exited (?)", "Exited (12", "Exited (137)"];
    if is_there && !has_ended.iter().any(|status| there.contains(status)) {
        return Some(there);
    }
    if traced.ran.code == 0 && !there.contains("Exited") {
        return Some(format!("it was started: {there}"));
    }
    if is_there {
        for (command, printed) in [("start web", "web\n"), ("wait web", "3\n"), ("rm web", "web\n")]
        {
            let ran = docker(host, command);
            if (ran.code, &*ran.stdout) != (0, printed) {
                return Some(format!("{there}{command}: {ran:?}"));
            }
        }
    }
    let cleaned = host.lab(&["clean"]);
    if cleaned.code != 0 {
        return Some(format!("{cleaned:?}"));
    }
    let left = host.left(ids);
    (!left.is_empty()).then(|| format!("left: {left:#?}"))
}
