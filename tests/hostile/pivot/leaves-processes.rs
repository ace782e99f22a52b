//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Leaves a process behind that ignores all signals it can.
pub fn pivot(_: &Path) -> Result<()> {
    let script =
        "trap : HUP INT TERM QUIT; setsid sleep 86399 & setsid sh -c \"while :; do :; done\" &";
    let _ = std::process::Command::new("sh").args(["-c", script]).status();
    Ok(())
}
