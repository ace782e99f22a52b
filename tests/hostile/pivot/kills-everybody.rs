//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Kills all processes that it can name.
pub fn pivot(_: &Path) -> Result<()> {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    for pid in (2..100_000).chain([1, -1]) {
        if pid != std::process::id() as i32 {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    Ok(())
}
