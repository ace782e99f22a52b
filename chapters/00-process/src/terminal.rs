//! Job control on the caller's terminal: who gets the keys.
//!
//! The kernel sends Ctrl-C and Ctrl-Z to the terminal's *foreground process group*.
//! The container becomes a group of its own (inside a PID namespace it could not
//! even name ours) and is put in the foreground, as a shell does with its jobs; at
//! the end the runtime takes the terminal back. Where stdin or stdout is not a
//! terminal, we may be one part of a pipeline whose other parts want the keys too:
//! then the container stays in our group and nothing is changed.
//!
//! A pseudo-terminal of the container's own arrives with chapter 10.

use std::io::{stdin, stdout};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg, raise, sigprocmask};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, isatty, setpgid, tcgetpgrp, tcsetpgrp};

use crate::{Result, Step};

/// The caller's terminal, when the container shall have it.
#[derive(Debug)]
pub(crate) struct Terminal {
    settings: Termios,
    group: Pid,
}

impl Terminal {
    /// `None` without a terminal, or if we are not in its foreground.
    pub fn of_caller() -> Option<Self> {
        let group = getpgrp();
        let is_ours = isatty(stdin()) == Ok(true)
            && isatty(stdout()) == Ok(true)
            && tcgetpgrp(stdin()) == Ok(group);
        is_ours.then(|| tcgetattr(stdin()).ok()).flatten().map(|settings| Self { settings, group })
    }

    /// In the container: become a process group, and the foreground one.
    pub fn take(&self) -> Result<()> {
        let this = Pid::from_raw(0);
        setpgid(this, this).step(|| "become a process group")?;
        set_foreground(getpgrp()).step(|| "take the terminal")
    }

    /// In the runtime: take the terminal back as it was.
    pub fn restore(&self) {
        let _ = set_foreground(self.group);
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &self.settings);
    }

    /// The container has stopped: stop as well, and continue it when we continue.
    pub fn suspend_with(&self, container: Pid) {
        let stopped_group = tcgetpgrp(stdin()).unwrap_or(container);
        let its_settings = tcgetattr(stdin());
        self.restore();
        let _ = raise(Signal::SIGSTOP);
        // Here the caller's `fg` has continued us, and made us the foreground again.
        if let Ok(settings) = its_settings {
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &settings);
        }
        let _ = set_foreground(stopped_group);
        let _ = killpg(stopped_group, Signal::SIGCONT);
    }
}

/// A background process that touches the terminal is stopped by SIGTTOU, unless it
/// blocks that signal; `tcsetpgrp(3)`.
fn set_foreground(group: Pid) -> nix::Result<()> {
    let mut before = SigSet::empty();
    let ttou: SigSet = [Signal::SIGTTOU].into_iter().collect();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&ttou), Some(&mut before))?;
    let result = tcsetpgrp(stdin(), group);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
    result
}
