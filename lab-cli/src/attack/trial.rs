//! All attacks on all chapters: in one sandbox for each processor, for they take turns
//! with the kernel anyway, and none of them sees another.
//!
//! ```text
//!   lab ─┬─ fork ──▶ sandbox: the 1st, 3rd, 5th … attack on each chapter ──┐
//!        └─ fork ──▶ sandbox: the 2nd, 4th, 6th …                        ──┤
//!   table ◀──────────────────────── a line of JSON for each cell ◀─────────┘
//! ```
//!
//! However it ends, also by Ctrl-C: everything in a sandbox ends with it, and what its
//! containers had on the real host is swept before `lab` is gone.

use std::os::fd::AsFd;
use std::thread::available_parallelism;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::waitpid;
use process::signals::is_ignored;
use process::{Error, Result, Step, record};

use super::cell::Cell;
use super::sandbox;
use super::target::Attack;
use crate::chapters::Chapter;
use crate::child::Child;
use crate::clean;

/// The signals that end it before its time.
const ENDS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Tries every attack on every chapter: the cells, row by row.
///
/// The caller must have one thread only.
///
/// # Errors
/// If a sandbox cannot be made.
pub fn try_all(attacks: &[&Attack], chapters: &[&'static Chapter]) -> Result<Vec<Cell>> {
    let state = record::directory();
    record::make_private(&state).step(|| format!("create {}", state.display()))?;
    let mut ends = SigSet::empty();
    for end in ENDS {
        if !is_ignored(end)? {
            ends.add(end);
        }
    }
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&ends), Some(&mut before)).step(|| "block signals")?;
    // A sandbox's PID 1 is a grandchild. When its parent has been killed it becomes our
    // child, so that we can wait for the end of all that is in there.
    prctl::set_child_subreaper(true).step(|| "adopt the sandboxes")?;

    let count = available_parallelism().map_or(1, usize::from).min(attacks.len());
    let start = |first| {
        let share: Vec<_> = attacks.iter().copied().skip(first).step_by(count).collect();
        Child::start("fork a sandbox", |tell| {
            let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
            sandbox::run(&share, chapters, &state, tell);
        })
    };
    let heard = (0..count).map(start).collect::<Result<_>>().and_then(|it| listen(it, &ends));
    // All sandboxes have been killed by now, or have ended. This waits until nothing is left.
    while !matches!(waitpid(None, None), Err(Errno::ECHILD)) {}
    clean::sweep_before_run();
    let heard = heard?;
    if let Some(signal) = heard.interrupted_by {
        // As everybody who waits for us expects it to look.
        let _ = raise(signal);
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None).step(|| "unblock signals")?;

    let mut cells = heard.cells;
    if cells.len() < attacks.len() * chapters.len() {
        return Err(Error::new("a sandbox ended too soon"));
    }
    let row = |cell: &Cell| attacks.iter().position(|attack| attack.name == cell.attack);
    cells.sort_by_key(|cell| (row(cell), cell.chapter.clone()));
    Ok(cells)
}

/// What the sandboxes have said, all together.
#[derive(Default)]
struct Heard {
    cells: Vec<Cell>,
    interrupted_by: Option<Signal>,
}

/// Listens until all of them have ended, or a signal comes: then it ends them.
fn listen(mut sandboxes: Vec<Child>, ends: &SigSet) -> Result<Heard> {
    let step = || "listen to the sandboxes";
    let signals = SignalFd::with_flags(ends, SfdFlags::SFD_CLOEXEC).step(step)?;
    let mut heard = Heard::default();
    while !sandboxes.is_empty() {
        let sources = sandboxes.iter().map(AsFd::as_fd).chain([signals.as_fd()]);
        let mut polled: Vec<_> = sources.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut polled, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            ready => ready.step(step)?,
        };
        let ready: Vec<bool> = polled.iter().map(|fd| fd.any() == Some(true)).collect();
        if ready.ends_with(&[true]) {
            let signal = signals.read_signal().step(step)?;
            let number = signal.map(|signal| signal.ssi_signo.cast_signed());
            heard.interrupted_by = number.and_then(|number| Signal::try_from(number).ok());
            return Ok(heard);
        }
        for at in (0..sandboxes.len()).rev().filter(|&at| ready[at]) {
            if !hear(&mut sandboxes[at], &mut heard.cells)? {
                // It has nothing more to say, and is about to end by itself.
                let _ = sandboxes.swap_remove(at).wait();
            }
        }
    }
    Ok(heard)
}

/// Takes what a sandbox has said; `false` if that was all.
fn hear(sandbox: &mut Child, cells: &mut Vec<Cell>) -> Result<bool> {
    loop {
        match sandbox.hear::<std::result::Result<Cell, String>>() {
            Some(cell) => cells.push(cell.map_err(Error::new)?),
            None => return Ok(false),
        }
        if !sandbox.has_answered() {
            return Ok(true);
        }
    }
}
