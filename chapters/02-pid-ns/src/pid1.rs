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

use nix::sys::prctl;
use nix::unistd::{ForkResult, Pid};
use process::child;
use process::signals::{self, BlockedSignals};
use process::{ExitStatus, Result, fork};

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
        match fork("fork the command off init")? {
            ForkResult::Child => Ok(()),
            // Of what we let go here, our end of the gate matters most: the runtime takes its
            // closing for a successful exec, so only the command may hold it. And the
            // container may read /proc/1/environ, which is the runtime's: the host's.
            ForkResult::Parent { child } => sys::live_alone(|| serve(child, &signals)),
        }
        // ANCHOR_END: split
    }
}

/// The life of the init, which ends with the command, and with its exit code.
fn serve(command: Pid, signals: &BlockedSignals) -> i32 {
    let _ = prctl::set_name(c"lab:init");
    // Number 1 has the orphans anyway. One that is beside another number 1, as chapter 10
    // allows, has to ask for its own.
    let _ = prctl::set_child_subreaper(true);
    // ANCHOR: serve
    loop {
        let Ok(signal) = signals.wait() else { return 125 };
        if signal.number == libc::SIGCHLD {
            if let Some(status) = reap(command) {
                return status.code().into();
            }
        } else if !signal.from_terminal {
            let _ = signals::send(command, signal.number);
        }
    }
    // ANCHOR_END: serve
}

// ANCHOR: reap
/// Collects every child that has ended; how the command did if it is among them.
///
/// One SIGCHLD may stand for many children: signals do not queue up, signal(7).
fn reap(command: Pid) -> Option<ExitStatus> {
    let mut end = None;
    while let Ok(Some((pid, status))) = child::any_end() {
        if pid == command {
            end = Some(status);
        }
    }
    end
}
// ANCHOR_END: reap
