//! A process on its way to become a container: made, held, started, waited for.

mod wait;

use std::cell::OnceCell;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::gate::{ParentGate, gate};
use crate::held::{Steps, become_command};
use crate::sys::Cloned;
use crate::{
    Birth, BlockedSignals, Command, Error, ExitStatus, Lifetime, Listener, Result, Stdio, Terminal,
    User, interruptible, wait_for,
};

/// The first process of a container, seen from the runtime.
///
/// Dropping it kills what is still running.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    pidfd: OwnedFd,
    gate: ParentGate,
    terminal: Option<Terminal>,
    /// It was born in somebody else's namespaces.
    is_guest: bool,
    /// With namespaces of its own it may be an init: number 1, or one of ours (chapter 2)
    /// beside another number 1.
    may_not_stop: bool,
    listener: OnceCell<Listener>,
    signals: BlockedSignals,
    created: Instant,
    ended: Option<(ExitStatus, Duration)>,
    is_on_its_own: bool,
    is_left: bool,
}

impl Process {
    /// Clones a process, lets both sides do their part, and holds it before exec.
    ///
    /// `parent` runs here, when the new namespaces exist and nothing has happened in
    /// them yet; then `child` runs inside. Whichever fails, its error is returned
    /// and the process is gone.
    pub fn create<'a>(
        birth: impl Into<Birth<'a>>,
        command: &Command,
        parent: impl FnOnce(Pid) -> Result<()>,
        child: impl FnOnce() -> Result<()>,
    ) -> Result<Self> {
        let parent = |pid| parent(pid).map(|()| Vec::new());
        let child = |_| child();
        let steps = Steps { parent, child, become_user: User::become_it };
        Self::create_in_steps(birth, command, steps)
    }

    /// The same in more steps: things are handed over, and the last step is chosen.
    ///
    /// # Errors
    /// As [`Self::create`]; an error of `become_user` is returned by [`Self::start`].
    pub fn create_in_steps<'a, P, C, U>(
        birth: impl Into<Birth<'a>>,
        command: &Command,
        steps: Steps<P, C, U>,
    ) -> Result<Self>
    where
        P: FnOnce(Pid) -> Result<Vec<OwnedFd>>,
        C: FnOnce(Vec<OwnedFd>) -> Result<()>,
        U: FnOnce(&User) -> Result<()>,
    {
        Self::create_to_live(Lifetime::WithRuntime, Stdio::Inherit, birth, command, steps)
    }

    /// The same with a lifetime, and streams that need not be ours. On its own, it is not
    /// [started](Self::start) here but at its door, and outlives this value only if that is
    /// [left](crate::Container::leave).
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_to_live<'a, P, C, U>(
        lifetime: Lifetime<'_>,
        stdio: Stdio,
        birth: impl Into<Birth<'a>>,
        command: &Command,
        steps: Steps<P, C, U>,
    ) -> Result<Self>
    where
        P: FnOnce(Pid) -> Result<Vec<OwnedFd>>,
        C: FnOnce(Vec<OwnedFd>) -> Result<()>,
        U: FnOnce(&User) -> Result<()>,
    {
        let Steps { parent, child, become_user } = steps;
        let birth = birth.into();
        let (parent_gate, child_gate) = gate()?;
        let terminal = stdio.terminal(lifetime);
        stdio.open_pipes();
        // ANCHOR: create
        // From here on, so that no signal is lost between the clone and the wait.
        let signals = BlockedSignals::block()?;
        let created = Instant::now();
        let (pid, pidfd) = match birth.clone_process()? {
            Cloned::Parent(pid, pidfd) => (pid, pidfd),
            Cloned::Child => {
                drop(parent_gate);
                let steps = Steps { parent: (), child, become_user };
                become_command(child_gate, lifetime, &stdio, terminal.as_ref(), command, steps)
            }
        };
        drop((child_gate, stdio));
        let process = Self {
            pid,
            pidfd,
            gate: parent_gate,
            terminal,
            is_guest: birth.sent.is_some(),
            may_not_stop: !birth.args.flags.is_empty(),
            listener: OnceCell::new(),
            signals,
            created,
            ended: None,
            is_on_its_own: matches!(lifetime, Lifetime::OnItsOwn(_)),
            is_left: false,
        };
        if let Some(terminal) = &process.terminal {
            terminal.lend_to(pid)?;
        }
        let descriptors = parent(pid)?;
        process.gate.begin(&descriptors)?;
        process.signals.wait_beside(&process.gate)?;
        process.gate.wait_until_built()?;
        Ok(process)
        // ANCHOR_END: create
    }

    /// The process's number on the host.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether it was born in somebody else's namespaces.
    pub(crate) fn is_guest(&self) -> bool {
        self.is_guest
    }

    /// Opens the gate: the process becomes the command.
    ///
    /// # Errors
    /// If it cannot: exit code 127 for a command that is not there, 126 for one
    /// that is not executable. If it lives on its own, it is started at its door.
    pub fn start(&self) -> Result<()> {
        if self.is_on_its_own {
            return Err(Error::new(format!("start process {}: it lives on its own", self.pid))
                .with_hint("whoever comes to its door starts it, when its runtime has left it"));
        }
        if self.terminal.is_some() && self.may_not_stop {
            let listener = Listener::start(self.pid, self.pidfd.as_fd())?;
            let _ = self.listener.set(listener);
        }
        self.gate.start()?;
        self.signals.wait_beside(&self.gate)?;
        self.gate.wait_until_closed()
    }

    /// How long it took from clone to the end, once there is one.
    pub fn duration(&self) -> Option<Duration> {
        self.ended.map(|(_, duration)| duration)
    }

    /// Lets it live when this value is dropped.
    ///
    /// # Errors
    /// If it does not live on its own.
    pub(crate) fn leave(&mut self) -> Result<()> {
        if !self.is_on_its_own {
            let pid = self.pid;
            return Err(Error::new(format!("leave process {pid}: it ends with its runtime")));
        }
        self.gate.leave()?;
        self.is_left = true;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.is_none() && !self.is_left {
            self.forward(libc::SIGKILL);
            let _ = interruptible(|| wait_for(self.pid));
            if let Some(terminal) = &self.terminal {
                terminal.restore();
            }
        }
    }
}
