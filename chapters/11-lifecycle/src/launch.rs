//! A runtime that stays when we have ended: the *monitor*.
//!
//! A container belongs to its runtime, which waits for its end and removes what it was made
//! of. So if it shall outlive this command, there must be a runtime that does. It is this very
//! program, started once more, with two things of ours:
//!
//! ```text
//!   lab                                   lab:monitor 3f9c0a1b2c4d
//!    │ locks the record                      0  the gate: we talk through it
//!    ├ spawn ──────────────────────────────▶ 1  the locked record: the same open file, the same lock
//!    │                                          a session of its own, no terminal
//!    │ closes the record                        still has it locked
//!    │◀───────────────────── ready ─────────┤
//!    ├ start ──────────────────────────────▶│
//!    │◀───────────────────── ready ─────────┤ the command runs
//!    └ exits                                └ waits
//! ```
//!
//! There is no moment in which nobody has the lock, so that nobody takes the container for
//! abandoned.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use process::gate::{ParentGate, gate};
use process::{Result, State, Step, own_program, record};

use crate::KINDS;
use crate::monitor::NAME;

/// A container that its monitor has built, and holds before its command.
#[must_use = "it is started, or dropped: then it stays as it was"]
#[derive(Debug)]
pub struct Launched {
    gate: ParentGate,
    /// Whose monitor it is.
    pub(crate) id: String,
}

// ANCHOR: launch
/// Hands a container to a monitor of its own, which builds it and holds it.
///
/// # Errors
/// If it cannot be built.
pub fn launch(state: State) -> Result<Launched> {
    // A monitor that was killed has left what it had made, and processes that are about to end.
    process::sweep(&state, &KINDS).into_iter().collect::<Result<Vec<_>>>()?;
    let (gate, theirs) = gate()?;
    let lock = state.lock().try_clone_to_owned().step(|| "hand the record on")?;
    // It would keep open for ever what our caller may wait for the end of.
    process::close_on_exec().step(|| "keep our own descriptors")?;
    Command::new(own_program())
        .arg0(NAME)
        .arg(state.id())
        .stdin(OwnedFd::from(theirs))
        .stdout(lock)
        .stderr(Stdio::null())
        .current_dir("/")
        // It may have been told relative to where we are.
        .env("LAB_STATE_DIR", record::directory())
        .spawn()
        .step(|| "start a monitor")?;
    let id = state.id().to_owned();
    drop(state);
    gate.wait_until_built()?;
    Ok(Launched { gate, id })
}

impl Launched {
    /// Starts it.
    ///
    /// # Errors
    /// If it cannot be: exit code 127 for a command that is not there, 126 for one that is not
    /// executable.
    pub fn start(self) -> Result<()> {
        self.gate.start()?;
        self.gate.wait_until_built()
    }
}
// ANCHOR_END: launch
