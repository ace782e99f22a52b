//! What PID 1 owes its children, and a small init that pays it: `--init`.
//!
//! The first process of a PID namespace is number 1 in it, as init is on the host,
//! and the kernel gives it init's duties and privileges (pid_namespaces(7)):
//!
//! - **It inherits orphans** and has to wait for them; an exit status that nobody
//!   collects stays in the process table as a zombie.
//! - **A signal it has no handler for is dropped**, whether Ctrl-C or `kill -TERM 1`;
//!   only the host can still kill it, with SIGKILL.
//! - **When it ends, the kernel kills all the others.** That is what makes a
//!   container end as a whole.
//!
//! Few programs know that they will be number 1. With `--init` we put ourselves
//! there and the command becomes number 2:
//!
//! ```text
//!   lab ─── 1 lab:init ─── 2 command ─── 7 …
//!           │ passes signals on    └─┈ 9 orphan ┈┐
//!           └────────── inherits and reaps ──────┘
//! ```

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};
use process::signals::BlockedSignals;
use process::{Result, Step, exit_now};

use crate::sys;

/// The command-line options of chapter 2.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 02: its own processes")]
pub struct PidOptions {
    /// Run a small init as PID 1 that forwards signals and reaps orphans
    #[arg(long)]
    pub init: bool,
}

impl PidOptions {
    /// With `--init`: splits off the process that is going to be the command, and
    /// returns in that one only. The caller stays behind as PID 1 until it ends.
    pub fn split_off_init(&self) -> Result<()> {
        if !self.init {
            return Ok(());
        }
        // ANCHOR: split
        let signals = BlockedSignals::block()?;
        match sys::fork_in_two().step(|| "fork the command off init")? {
            ForkResult::Child => Ok(()),
            ForkResult::Parent { child } => serve(child, &signals),
        }
        // ANCHOR_END: split
    }
}

/// The life of the init, which ends with the command.
fn serve(command: Pid, signals: &BlockedSignals) -> ! {
    let _ = prctl::set_name(c"lab:init");
    // The container may read /proc/1/environ, and that is the runtime's: the host's.
    sys::wipe_environment();
    // Above all our end of the gate: the runtime takes its closing for a successful
    // exec, so only the command may hold it.
    if sys::close_all_above_stderr().is_err() {
        exit_now(125);
    }
    // ANCHOR: serve
    loop {
        let Ok(signal) = signals.wait() else { exit_now(125) };
        if signal.number != Signal::SIGCHLD as i32 {
            if !signal.from_terminal {
                let _ = Signal::try_from(signal.number).map(|signal| kill(command, signal));
            }
            continue;
        }
        if let Some(code) = reap(command) {
            exit_now(code);
        }
    }
    // ANCHOR_END: serve
}

// ANCHOR: reap
/// Collects every child that has ended; the command's exit code if it is among them.
///
/// One SIGCHLD may stand for many children: signals do not queue up, signal(7).
fn reap(command: Pid) -> Option<i32> {
    let mut code = None;
    loop {
        let any_child = None;
        match waitpid(any_child, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Exited(pid, status)) if pid == command => code = Some(status),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == command => {
                code = Some(128 + signal as i32);
            }
            // Ctrl-Z, and nobody in here could ever continue it.
            Ok(WaitStatus::Stopped(pid, Signal::SIGTSTP)) if pid == command => {
                let _ = kill(command, Signal::SIGCONT);
            }
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return code,
            Ok(_) | Err(_) => {}
        }
    }
}
// ANCHOR_END: reap
