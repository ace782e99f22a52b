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

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::available_parallelism;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid};
use process::{Error, Result, Step, record};

use super::cell::Cell;
use super::sandbox;
use super::target::Attack;
use crate::chapters::Chapter;
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
    let ends: SigSet = ENDS.into_iter().filter(|end| !super::sys::ignores(*end)).collect();
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&ends), Some(&mut before)).step(|| "block signals")?;
    // A sandbox's PID 1 is a grandchild. When its parent has been killed it becomes our
    // child, so that we can wait for the end of all that is in there.
    prctl::set_child_subreaper(true).step(|| "adopt the sandboxes")?;

    let (told, tell) = UnixStream::pair().step(|| "make a socket pair")?;
    let count = available_parallelism().map_or(1, usize::from).min(attacks.len());
    let mut sandboxes = Vec::new();
    for first in 0..count {
        match process::fork("fork a sandbox")? {
            ForkResult::Parent { child } => sandboxes.push(child),
            ForkResult::Child => {
                let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
                let share: Vec<_> = attacks.iter().copied().skip(first).step_by(count).collect();
                sandbox::run(&share, chapters, &state, &tell);
                process::exit_now(0)
            }
        }
    }
    drop(tell);
    let heard = listen(told, &ends);
    end(&sandboxes);
    clean::sweep_before_run();
    let heard = heard?;
    if let Some(signal) = heard.interrupted_by {
        // As everybody who waits for us expects it to look.
        let _ = raise(signal);
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None).step(|| "unblock signals")?;

    let mut cells = parse(&heard.text)?;
    if cells.len() < attacks.len() * chapters.len() {
        return Err(Error::new("a sandbox ended too soon"));
    }
    let row = |cell: &Cell| attacks.iter().position(|attack| attack.name == cell.attack);
    cells.sort_by_key(|cell| (row(cell), cell.chapter.clone()));
    Ok(cells)
}

/// What the sandboxes have said, all together.
struct Heard {
    text: Vec<u8>,
    interrupted_by: Option<Signal>,
}

/// Listens until all of them have ended, or a signal comes.
fn listen(mut told: UnixStream, ends: &SigSet) -> Result<Heard> {
    let step = || "listen to the sandboxes";
    let signals = SignalFd::with_flags(ends, SfdFlags::SFD_CLOEXEC).step(step)?;
    let mut heard = Heard { text: Vec::new(), interrupted_by: None };
    let mut chunk = [0; 4096];
    loop {
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut sources = [readable(told.as_fd()), readable(signals.as_fd())];
        match poll(&mut sources, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            ready => ready.step(step)?,
        };
        if sources[1].any() == Some(true) {
            let signal = signals.read_signal().step(step)?;
            let number = signal.map(|signal| signal.ssi_signo.cast_signed()).unwrap_or_default();
            heard.interrupted_by = Signal::try_from(number).ok();
            return Ok(heard);
        }
        match told.read(&mut chunk).step(step)? {
            0 => return Ok(heard),
            length => heard.text.extend_from_slice(&chunk[..length]),
        }
    }
}

/// Ends what is still running, and waits until nothing is.
fn end(sandboxes: &[Pid]) {
    for &sandbox in sandboxes {
        let _ = kill(sandbox, Signal::SIGKILL);
    }
    while !matches!(waitpid(None, None), Err(Errno::ECHILD)) {}
}

fn parse(text: &[u8]) -> Result<Vec<Cell>> {
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let cell = |line| match serde_json::from_slice::<std::result::Result<Cell, String>>(line) {
        Ok(cell) => cell.map_err(Error::new),
        Err(_) => Err(Error::new("a sandbox talks nonsense")),
    };
    lines.map(cell).collect()
}
