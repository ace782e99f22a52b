//! Who owns a container, and so when it ends.
//!
//! ```text
//!                  WithRuntime                     OnItsOwn
//!   waits for      its runtime, at the gate        whoever comes to a door, at any time
//!   belongs to     its runtime                     its runtime, and once that leaves it, itself
//!   runtime dies   the kernel kills it             it lives on, if it was left
//! ```
//!
//! The kernel has two settings for it, both of the process itself: a *parent-death signal*
//! (prctl(2)), and which descriptor it waits at. A *door* is a socket that somebody listens
//! on, unix(7): a process that has made it before the clone, or has a name in some
//! directory for it. What is said there is what is said at the gate.

use std::os::fd::BorrowedFd;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::{Result, Step};

/// Who owns a container.
#[derive(Clone, Copy, Debug)]
pub enum Lifetime<'a> {
    /// The runtime that makes it: the container ends with it.
    WithRuntime,
    /// Itself, once its runtime [leaves](crate::Container::leave) it. It waits at this door, a
    /// listening socket, for who starts it.
    OnItsOwn(BorrowedFd<'a>),
}

/// To whom a container belongs, as its record tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Owner {
    /// The process that has locked the record, and removes all when it has ended.
    #[default]
    Runtime,
    /// The container: whoever finds that it has ended removes all.
    Itself,
    /// Whoever has made it: it stays when it has ended, until it is removed.
    Maker,
}

impl Lifetime<'_> {
    /// In the new process, first of all: whatever kills its owner must not leave a container
    /// that nobody waits for.
    pub(crate) fn begin(self) -> Result<()> {
        match self {
            Self::WithRuntime => set_death_signal(Some(Signal::SIGKILL)),
            Self::OnItsOwn(_) => Ok(()),
        }
    }
}

/// Becomes another user. By that the kernel changes two settings of prctl(2), which are put
/// back: it clears the parent-death signal (has the parent died in between, the gate is
/// closed), and a process that was not to be traced may be traced again, if
/// /proc/sys/fs/suid_dumpable says so.
///
/// # Errors
/// That of `change`, or if one of the two cannot be had.
pub fn become_another(change: impl FnOnce() -> Result<()>) -> Result<()> {
    let signal = prctl::get_pdeathsig().step(|| "ask which the parent-death signal is")?;
    let is_dumpable = prctl::get_dumpable().step(|| "ask whether it is dumpable")?;
    change()?;
    if !is_dumpable {
        prctl::set_dumpable(false).step(|| "become undumpable")?;
    }
    set_death_signal(signal)
}

fn set_death_signal(signal: Option<Signal>) -> Result<()> {
    prctl::set_pdeathsig(signal).step(|| "ask for a parent-death signal")
}
