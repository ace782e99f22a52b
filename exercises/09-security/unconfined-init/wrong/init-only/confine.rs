//! The end of the runtime in the container: from here to exec it has less and less rights.

use nix::sys::prctl;
use pid_ns::PidOptions;
use process::{Result, Step, User};

use crate::sys;

/// Gives up what only the runtime needed. What follows is the exec of the command.
pub fn confine(user: &User, pid: &PidOptions) -> Result<()> {
    user.become_it()?;
    let is_init = std::process::id() == 1;
    pid.split_off_init()?;
    if !is_init {
        return Ok(()); // the command has been confined already
    }
    sys::drop_capabilities().step(|| "give up all capabilities")?;
    // So that root's exec does not give them back.
    prctl::set_no_new_privs().step(|| "set no_new_privs")
}
