//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Forks without end, in sessions of their own.
pub fn pivot(_: &Path) -> Result<()> {
    loop {
        // SAFETY: one thread only.
        if let Ok(nix::unistd::ForkResult::Child) = unsafe { nix::unistd::fork() } {
            let _ = nix::unistd::setsid();
        }
    }
}
