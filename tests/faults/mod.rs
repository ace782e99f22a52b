//! Whatever goes wrong, and at whatever moment: nothing is left behind, and who is to
//! know is told.
//!
//! A run makes about a thousand system calls. At each of them in turn, somebody is killed
//! or the call fails; see [`moment`] and [`fault`]. All of it takes many
//! minutes (`LAB_TEST_ALL=1`), so that usually a sample is taken, evenly spread.

use std::borrow::Borrow;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::host::Host;

mod errors;
mod fault;
mod kills;
mod lives;
mod moment;
mod orphan;
mod scene;

/// Whether every single moment is tried.
fn is_all() -> bool {
    std::env::var_os("LAB_TEST_ALL").is_some()
}

/// `count` of them, or all, from one end to the other.
fn sample<T>(all: Vec<T>, count: usize) -> Vec<T> {
    let step = if is_all() { 1 } else { (all.len() / count).max(1) };
    all.into_iter().skip(step / 2).step_by(step).collect()
}

/// How many cases are tried at a time.
const WORKERS: usize = 4;

/// A prime: multiples of it come by every case, unless there are just as many cases.
const STRIDE: usize = 7919;

/// Tries every case, each on a host, or in a scene, that is as it was, and returns what went wrong.
///
/// A run mostly waits for the kernel or for its tracer, so several go on at a time.
fn try_all<S: Borrow<Host>, T: Sync>(
    cases: &[T],
    new_scene: impl Fn() -> S + Sync,
    try_one: impl Fn(&S, &T) -> Option<String> + Sync,
) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        let mut scene = new_scene();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= cases.len() {
                return;
            }
            // Here and there, so that half a run has seen half of everything.
            let case = &cases[at * STRIDE % cases.len()];
            if at % 500 == 499 {
                let _ = writeln!(std::io::stderr(), "{at} of {} tried", cases.len());
            }
            if let Some(what) = try_one(&scene, case) {
                // All of them take long: whoever waits wants to know it now.
                let _ = writeln!(std::io::stderr(), "{what}\n");
                wrong.lock().expect("no test panicked").push(what);
                // Every later run would be blamed for it.
                scene.borrow().lab(&["clean"]);
                scene = new_scene();
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    wrong.into_inner().expect("no test panicked")
}
