//! A session that nobody waits for: `-d`.
//!
//! The command needs a parent who collects its status, and with whom it ends; and the shell
//! wants its prompt. So `lab` forks: the child stays, as `lab:exec` in a session of its own,
//! and ends as the command does. The parent waits until that has started, or has failed to:
//!
//! ```text
//!   lab ── fork ──▶ lab:exec ── clone ──▶ command
//!    │◀── ready ──────┤ (it has started)
//!    └ exits 0        └ waits
//! ```
//!
//! There is no daemon to ask for it later: it is a process among others, and `ps` shows it.

use std::fs::File;
use std::os::fd::AsFd;

use nix::sys::prctl;
use nix::unistd::{ForkResult, chdir, dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use process::gate::gate;
use process::{ExitStatus, Process, Result, Step, exit_now, fork};

/// Starts what `start` does in a process that stays, and returns when it has started.
///
/// # Errors
/// Those of `start`.
pub fn detach(start: impl FnOnce() -> Result<Process>) -> Result<ExitStatus> {
    let (parent, child) = gate()?;
    if let ForkResult::Child = fork("fork a process that stays")? {
        drop(parent);
        let started = leave_the_caller().and_then(|()| start());
        let code = match started {
            // The parent may be gone by now: the command runs all the same.
            Ok(mut process) => {
                let _ = child.hold();
                drop(child);
                process.wait().map_or_else(|error| error.exit_code(), ExitStatus::code)
            }
            Err(error) => {
                child.fail(&error);
                error.exit_code()
            }
        };
        exit_now(code.into());
    }
    drop(child);
    parent.wait_until_built()?;
    parent.start()?;
    Ok(ExitStatus::Exited(0))
}

/// Gives up all that is the caller's: session, terminal, streams, working directory.
fn leave_the_caller() -> Result<()> {
    let _ = prctl::set_name(c"lab:exec");
    setsid().step(|| "make a session")?;
    chdir("/").step(|| "change to /")?;
    let step = || "open /dev/null";
    let null = File::options().read(true).write(true).open("/dev/null").step(step)?;
    dup2_stdin(null.as_fd()).step(step)?;
    dup2_stdout(null.as_fd()).step(step)?;
    dup2_stderr(null.as_fd()).step(step)
}
