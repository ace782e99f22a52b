//! Job control on the caller's terminal: who gets the keys.
//!
//! The kernel sends Ctrl-C and Ctrl-Z to the terminal's *foreground process group*.
//! The container becomes a group of its own (inside a PID namespace it could not
//! even name ours) and is put in the foreground, as a shell does with its jobs; at
//! the end the runtime takes the terminal back. Where stdin or stdout is not a
//! terminal, we may be one part of a pipeline whose other parts want the keys too:
//! then the container stays in our group and nothing is changed.
//!
//! Ctrl-Z stops a whole job, and the shell that started it gets the terminal back. Here
//! two of its members would be left out: the runtime, which is in another group, and a
//! container's first process, if it is number 1 of a PID namespace. So each is stopped
//! with the other, and continued with it.
//!
//! A pseudo-terminal of the container's own arrives with chapter 10.

use std::cell::RefCell;
use std::io::{stdin, stdout};
use std::os::fd::BorrowedFd;
use std::path::Path;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg, sigprocmask};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{
    ForkResult, Pid, getpgrp, getpid, getppid, isatty, setpgid, tcgetpgrp, tcsetpgrp,
};

use crate::{Result, Step, child, fork, plain_file, sys};

/// The caller's terminal, when the container shall have it.
#[derive(Debug)]
pub(crate) struct Terminal {
    settings: Termios,
    group: Pid,
    /// What the container had of it when it was stopped: the foreground group, and settings.
    left: RefCell<Option<(Pid, Termios)>>,
}

impl Terminal {
    /// `None` without a terminal, or if we are not in its foreground.
    pub fn of_caller() -> Option<Self> {
        let group = getpgrp();
        let is_ours = isatty(stdin()) == Ok(true)
            && isatty(stdout()) == Ok(true)
            && tcgetpgrp(stdin()) == Ok(group);
        let settings = is_ours.then(|| tcgetattr(stdin()).ok()).flatten();
        settings.map(|settings| Self { settings, group, left: RefCell::default() })
    }

    /// In the runtime, while the container is held: make it a process group.
    pub fn lend_to(&self, container: Pid) -> Result<()> {
        setpgid(container, container).step(|| "make the container a process group")
    }

    /// In the container: make its group the foreground one.
    pub fn take(&self) -> Result<()> {
        set_foreground(getpgrp()).step(|| "take the terminal")
    }

    /// In the runtime: take the terminal back as it was.
    pub fn restore(&self) {
        let _ = set_foreground(self.group);
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &self.settings);
    }

    /// The container has stopped: stop as well, with all others of our job. Returns when the
    /// caller's shell continues us.
    pub fn suspend(&self) {
        // `fg` tells a job that runs in the background nothing: it has the terminal again,
        // and only the container, which wanted to read from it, has found that out.
        if self.left.borrow().is_some() && tcgetpgrp(stdin()) == Ok(self.group) {
            return;
        }
        if let (Ok(group), Ok(settings)) = (tcgetpgrp(stdin()), tcgetattr(stdin())) {
            self.left.replace(Some((group, settings)));
        }
        self.restore();
        // As the key would have done. Where there is no shell that could continue us, in an
        // orphaned process group, the kernel does not stop us; setpgid(2).
        let _ = killpg(self.group, Signal::SIGTSTP);
    }

    /// We have been continued: continue the container as well. It gets the terminal back by
    /// `fg`, and by `bg` it does not.
    pub fn resume(&self, container: Pid) {
        let Some((group, settings)) = self.left.take() else { return };
        if tcgetpgrp(stdin()) == Ok(self.group) {
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &settings);
            let _ = set_foreground(group);
        } else {
            self.left.replace(Some((group, settings)));
        }
        let _ = killpg(group, Signal::SIGCONT);
        let _ = kill(container, Signal::SIGCONT);
    }
}

/// What a terminal stops a process group by: the key, and reading or writing behind its back.
const STOPS: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// A process of ours in the container's process group, which the keys reach.
///
/// Ctrl-Z does not stop whoever is number 1 of a PID namespace, nor does reading from the
/// terminal in the background; pid_namespaces(7). So nobody tells the runtime, while all
/// others in the group are stopped, and nobody in there can continue them. This one is told,
/// and stops number 1 from outside.
#[derive(Debug)]
pub(crate) struct Listener(Pid);

impl Listener {
    /// Puts one into the group of `container`, before that can be in the foreground.
    pub fn start(container: Pid, pidfd: BorrowedFd<'_>) -> Result<Self> {
        let runtime = getpid();
        // Held back from the beginning, so that no key is lost and none stops the listener.
        let stops: SigSet = STOPS.into_iter().collect();
        let before = stops.thread_swap_mask(SigmaskHow::SIG_BLOCK).step(|| "block SIGTSTP")?;
        let forked = fork("fork a listener for Ctrl-Z");
        if let Ok(ForkResult::Child) = forked {
            sys::keep_only(&[pidfd], |_| listen(container, pidfd, &stops, runtime));
        }
        before.thread_set_mask().step(|| "unblock SIGTSTP")?;
        match forked? {
            ForkResult::Parent { child } => {
                let listener = Self(child);
                setpgid(child, container).step(|| "listen for Ctrl-Z")?;
                Ok(listener)
            }
            ForkResult::Child => unreachable!("it never comes here"),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = child::wait_for(self.0);
    }
}

fn listen(container: Pid, pidfd: BorrowedFd<'_>, stops: &SigSet, runtime: Pid) -> i32 {
    let _ = prctl::set_name(c"lab:keys");
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    // If the runtime died before we had asked for the signal, it never comes.
    while getppid() == runtime {
        // A shell at its prompt, or an editor, has its own way with this key.
        if stops.wait().is_ok_and(|signal| !handles(container, signal)) {
            let _ = sys::pidfd_send_signal(pidfd, libc::SIGSTOP);
        }
    }
    0
}

/// Whether a process ignores or catches a signal: `SigIgn` and `SigCgt` of proc_pid_status(5).
fn handles(pid: Pid, signal: Signal) -> bool {
    let path = format!("/proc/{pid}/status");
    let status = plain_file::read(Path::new(&path)).unwrap_or_default();
    String::from_utf8_lossy(&status).lines().any(|line| {
        let set = line.strip_prefix("SigIgn:").or_else(|| line.strip_prefix("SigCgt:"));
        let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
        set.is_some_and(|set| set & (1 << (signal as i32 - 1)) != 0)
    })
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
