//! One process becomes two: the init stays, the other one goes on to become the command.

use nix::sys::prctl;
use nix::unistd::{ForkResult, fork};
use process::signals::BlockedSignals;
use process::{Result, Step, exit_now};

use crate::duties;

/// Splits off the process that is going to be the command, and returns in that one only.
pub fn split_off() -> Result<()> {
    // Before the fork, so that no signal is lost. In the command's process the value is
    // dropped below, and with it the blocking.
    let signals = BlockedSignals::block()?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the command off init")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => {
            let _ = prctl::set_name(c"init");
            // The runtime waits until the last copy of its socket is closed.
            // SAFETY: no value that owns a descriptor is used from here on.
            unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
            exit_now(duties::serve(child, &signals))
        }
    }
}
