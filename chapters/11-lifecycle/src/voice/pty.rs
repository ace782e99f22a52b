//! A terminal of the container's own: `pty(7)`.
//!
//! A pseudo-terminal has two ends. What is written into the *master* arrives at the other end
//! as if it had been typed, and what is written there can be read from the master. In
//! between, the kernel does what it does for every terminal: echo, Ctrl-C, lines.
//!
//! ```text
//!   monitor                                      command
//!   master ◀──────── a terminal ───────────────▶ 0, 1, 2: /dev/pts/0
//!      ▲                                             of the container's own /dev/pts
//!      └── travels through a gate, once, when it is made
//! ```
//!
//! It is made *inside*, so that it has a name there: one of the host's would be a terminal
//! that nobody can find, and ttyname(3) and `ps` look for it. And it is the command's
//! controlling terminal, or Ctrl-C would reach nobody: for that, it has to be the leader of
//! a session that has none yet.

use std::io::stdin;
use std::os::fd::OwnedFd;

use mount_ns::Root;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::statfs::{FsType, fstatfs};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, fchown, setsid};
use process::gate::{ChildGate, ParentGate, gate};
use process::{Error, Result, Step, User};

use crate::sys;

/// linux/magic.h: what /dev/pts is.
const DEVPTS: FsType = FsType(0x1cd1);

/// The command's end, in the new process; there need not be one.
#[derive(Debug)]
pub struct Console(Option<ParentGate>);

/// The monitor's end, until the terminal has arrived.
#[derive(Debug)]
pub(super) struct Arrival(ChildGate);

/// The two ends of the way that the master takes.
pub(super) fn console() -> Result<(Console, Arrival)> {
    let (from, to) = gate()?;
    Ok((Console(Some(from)), Arrival(to)))
}

impl Console {
    /// For a command without a terminal.
    pub fn none() -> Self {
        Self(None)
    }

    // ANCHOR: open
    /// Makes the terminal, and has it as standard input, output and error.
    ///
    /// # Errors
    /// If there is no /dev/pts, or it is none.
    pub fn open(&self, root: &Root) -> Result<()> {
        let Some(monitor) = &self.0 else { return Ok(()) };
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY;
        let master = root.look_up("/dev/pts/ptmx".as_ref(), flags);
        let master = master.step(|| "make a terminal in /dev/pts")?;
        // Whatever else were there would be asked to become our terminal.
        if fstatfs(&master).step(|| "look at /dev/pts")?.filesystem_type() != DEVPTS {
            return Err(Error::from_errno("make a terminal in /dev/pts", Errno::ENOTTY));
        }
        let terminal = sys::unlock(&master).and_then(|()| sys::peer(&master));
        let terminal = terminal.step(|| "open the terminal")?;
        // A session of its own, which has no terminal yet; with an init, it is the init's.
        setsid().step(|| "make a session")?;
        sys::control(&terminal).step(|| "take the terminal")?;
        dup2_stdin(&terminal)
            .and_then(|()| dup2_stdout(&terminal))
            .and_then(|()| dup2_stderr(&terminal))
            .step(|| "put the terminal in place")?;
        monitor.begin(&[master])
    }
    // ANCHOR_END: open

    /// Gives it to the user who is about to use it: it opens /dev/stdout, or /dev/pts/0, anew.
    ///
    /// # Errors
    /// If it cannot be.
    pub fn give_to(&self, user: &User) -> Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        match fchown(stdin(), Some(user.uid()), None) {
            // It is nobody else's; a user namespace may lack the right to more.
            Err(Errno::EPERM | Errno::EINVAL) => Ok(()),
            given => given.step(|| "give the terminal to its user"),
        }
    }
}

impl Arrival {
    /// The master, and the other end as well: as long as somebody has that, a command that
    /// closes it can open it again, and the master does not report a hangup for ever.
    ///
    /// # Errors
    /// If none has arrived.
    pub fn receive(self) -> Result<(OwnedFd, OwnedFd)> {
        let mut arrived = self.0.wait_for_begin()?;
        let master = arrived.pop().ok_or_else(|| Error::new("no terminal has arrived"))?;
        let terminal = sys::peer(&master).step(|| "open the terminal")?;
        Ok((master, terminal))
    }
}
