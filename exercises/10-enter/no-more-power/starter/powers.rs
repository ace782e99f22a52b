//! How much power a process has, and giving up what is beyond it.

use nix::unistd::Pid;
use process::Result;

/// How much power a process has. Put into it what you need.
pub struct Powers {}

impl Powers {
    /// That of the process with this number. It is called outside of the container.
    pub fn of(process: Pid) -> Result<Self> {
        let _ = process;
        todo!()
    }

    /// Leaves this process, which is root and about to become another program of root's, as much.
    /// *After* the exec, this shall be so:
    ///
    /// - each of its five sets of capabilities is that of the other process;
    /// - no_new_privs is set if it is set there, and only then.
    pub fn take_over(self) -> Result<()> {
        todo!()
    }
}
