//! The end of the runtime in the container: from here to exec it has less and less rights.

use nix::sys::prctl;
use pid_ns::PidOptions;
use process::{Result, Step, User};

use crate::sys;

/// Gives up what only the runtime needed. What follows is the exec of the command.
pub fn confine(user: &User, pid: &PidOptions) -> Result<()> {
    user.become_it()?;
    // So that root's exec does not give them back.
    prctl::set_no_new_privs().step(|| "set no_new_privs")?;
    // With --init the command is a child of PID 1, and returns from here as such.
    pid.split_off_init()?;
    sys::drop_capabilities().step(|| "give up all capabilities")
}
